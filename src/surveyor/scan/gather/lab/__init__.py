"""The laboratory: a page loaded several times in a browser of this machine, slowed down, and measured.

Each run is cold: a context of its own, nothing cached. What runs differ by is told with their median; what a page is
made of is told of the run whose Largest Contentful Paint is the median.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from surveyor.scan.errors import NotConfigured, Refused, ScanError, Unsupported
from surveyor.scan.figures import Engine
from surveyor.scan.gather.interface import Errand, Gatherer
from surveyor.scan.speed import Speed
from surveyor.scan.vocabulary import counted

if TYPE_CHECKING:
    from surveyor.scan.gather.lab.run import Run
    from surveyor.scan.net.browser.visits import Visit

#: What all answers of one load may have, in pages of the scan's bound.
_PAGES = 8
#: Seconds that are left over for what follows the last run.
_RESERVE = 2.0
#: A run may take so many times what the longest before it took.
_SLACK = 1.2


def gather(errand: Errand) -> Speed:
    """Measure the page that was fetched, as the errand's device.

    Raises ``NotConfigured`` without a browser, ``Unsupported`` for what is no page, and what the first runs end with
    where none could be measured.
    """
    settings = errand.settings
    if settings.browser is None:
        raise NotConfigured("the laboratory needs a Chromium: none is installed or named (SURVEYOR_CHROMIUM)")
    if not settings.lab_runs:
        raise NotConfigured("the laboratory is off (SURVEYOR_LAB_RUNS)")
    page = errand.page()
    if not page.is_html:
        raise Unsupported(f"{page.media_type or 'the answer'} is not an HTML page")
    return _Laboratory(errand).work()


class _Laboratory:
    """One measurement, of several runs."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._runs: list[Run] = []
        self._missed: dict[str, str] = {}
        self._benchmark: float | None = None
        self._product = ""
        self._retried = False
        self._disturbed = 0

    def work(self) -> Speed:
        """As many runs as were asked for, or as there is time for."""
        wanted, longest, more = self._errand.settings.lab_runs, 0.0, True
        while more and len(self._runs) < wanted:
            started = self._errand.clock()
            if self._runs and self._errand.left < longest * _SLACK + _RESERVE:
                self._missed["runs"] = f"there was time for {len(self._runs)} of {wanted} runs"
                break
            more = self._run()
            longest = max(longest, self._errand.clock() - started)
        return self._told()

    def _run(self) -> bool:
        """One run; whether to go on. The first error is one retry, the second the end."""
        # what measures takes a while to import, and most scans measure nothing
        from surveyor.scan.gather.lab.run import measure

        errand, done = self._errand, len(self._runs)
        try:
            with self._visit() as visit:
                self._know(visit)
                self._disturbed += not visit.alone
                self._runs.append(measure(errand, visit, errand.url))
        except Refused:
            raise
        except ScanError as error:
            if not self._retried and errand.left > _RESERVE:
                self._retried = True
                return True
            if not done:
                raise
            self._missed["runs"] = f"after {done} of {errand.settings.lab_runs} runs: {error}"
            return False
        return True

    def _visit(self) -> AbstractContextManager[Visit]:
        return self._errand.visit(max_bytes=self._errand.settings.limits.page_bytes * _PAGES, patient=True)

    def _know(self, visit: Visit) -> None:
        """The browser, and once how fast it is here."""
        from surveyor.scan.gather.lab import benchmark

        self._product = visit.chromium.product
        if self._benchmark is None:
            seconds = self._errand.left
            self._benchmark = benchmark.index(lambda script: visit.desk.run(None, script, seconds=seconds).get("value"))

    def _told(self) -> Speed:
        from surveyor.scan.gather.lab import result

        errand, run = self._errand, result.typical(self._runs)
        return Speed(
            url=errand.url,
            metrics=tuple(result.metrics(self._runs)),
            engine=f"Surveyor's laboratory, {self._product}",
            by=Engine.LAB,
            device=errand.device,
            environment=result.environment(run, errand.device, product=self._product, benchmark=self._benchmark),
            runs=tuple(dict(one.values) for one in self._runs),
            load=result.load(run),
            notes=(_beside(self._disturbed),) if self._disturbed else (),
            missed=result.missed(self._runs) | self._missed,
        )


def _beside(runs: int) -> str:
    return f"{counted(runs, 'run')} {'was' if runs == 1 else 'were'} beside other loads on this machine"


GATHERER = Gatherer(id="lab", version=2, gather=gather)
