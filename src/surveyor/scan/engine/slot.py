"""One scanner of a page at work in its own thread: it waits for its evidence and runs its checks within a deadline."""

from __future__ import annotations

import threading
import time

from surveyor.scan.engine import page, speed
from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.parts import Parts
from surveyor.scan.engine.rules import Rules
from surveyor.scan.engine.site import pages
from surveyor.scan.engine.site.member import Site
from surveyor.scan.engine.units import Ledger
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import Coverage, CoverageState, Domain
from surveyor.scan.plan import Request


def outlines(slot: str, request: Request) -> bool:
    """Whether a slot is to bring the page's outline too."""
    return request.outline and slot == Domain.ACCESSIBILITY


class Relay:
    """Brings events of several threads to one progress, one at a time; those of a closed slot are dropped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def of(self, slot: Slot) -> Progress:
        """A progress for one slot's thread."""

        def sink(event: Event) -> None:
            with self._lock:
                if not slot.closed:
                    self._progress(event.stage, event.detail, pct=event.pct, level=event.level, **event.data)

        return Progress(sink)


class Slot:
    """One scanner at work in its own thread."""

    def __init__(self, name: str, site: Site, relay: Relay, request: Request) -> None:
        self.name = name
        self.closed = False
        self._site = site
        self._shared = site.members[0].shared
        self._outline = outlines(name, request)
        self._ledger = Ledger(relay.of(self))
        self._rules = Rules(Domain(name), request.rules, self._shared.asset, self._ledger)
        # a daemon: a thread that hangs in a parser must not keep the process
        self._thread = threading.Thread(target=self._work, name=f"slot-{name}", daemon=True)
        self._started = 0.0
        self._late: Coverage | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._started = time.monotonic()
        self._thread.start()

    def finish(self, seconds: float) -> None:
        """Wait until ``seconds`` after the start; a slot that is not done by then has failed."""
        self._thread.join(max(0.0, self._started + seconds - time.monotonic()))
        if not self._thread.is_alive():
            return
        detail = f"not done within {seconds:g} s"
        self._ledger.progress(f"{self.name}.err", detail, reason="limit_exceeded")
        self.closed = True
        self._late = Coverage(
            what=f"slot.{self.name}",
            state=CoverageState.FAILED,
            reason="limit_exceeded",
            detail=detail,
            asset=self._shared.asset.value,
        )

    def hand_over(self, parts: Parts, ledger: Ledger) -> None:
        """Add what this slot found, and what became of it, to the scan's."""
        # a late thread may still be adding to its own ledger; nothing of it is taken
        entries = [self._late] if self._late else list(self._ledger.entries)
        for entry in entries:
            if entry not in ledger.entries:  # of what slots share each tells
                ledger.add(entry)
        if self._late or not self._rules.result.done:
            own = [entry for entry in entries if entry.what == f"slot.{self.name}"]
            parts.failed_slots[self.name] = (own[-1].detail if own else None) or "failed"
            return
        parts.findings += tuple(self._rules.result.findings)
        parts.units |= self._rules.result.units
        parts.outline = self._rules.result.outline or parts.outline
        parts.scores += self._rules.result.scores
        parts.measurements += self._rules.result.measurements

    def _work(self) -> None:
        progress, result = self._ledger.progress, self._rules.result
        asset = self._shared.asset.value
        with progress.timing(self.name):
            progress(f"{self.name}.start", asset)
            entry = self._ledger.attempt(f"slot.{self.name}", self._scan, stage=self.name, asset=asset)
        if entry is None:
            return
        self._ledger.add(entry)
        result.done = entry.state in {CoverageState.LOOKED, CoverageState.PARTIAL}
        if not result.done:
            return
        counts = dict.fromkeys(("critical", "high", "medium", "low"), 0)
        for finding in result.findings:
            counts[finding.severity.value] += 1
        told = " ".join(f"{severity}={count}" for severity, count in counts.items())
        progress(f"{self.name}.done", f"findings={len(result.findings)} {told}", findings=counts)

    def _scan(self) -> Coverage:
        """Gather, then judge; the entry says how many rules could be run."""
        if self._site.several:
            return pages.judge(self._rules, self._site, self._judge)
        return self._judge(self._rules, self._shared)

    def _judge(self, rules: Rules, shared: Shared) -> Coverage:
        """One page; the outline is that of the first."""
        if self.name == Domain.PERFORMANCE:
            return speed.judge(rules, shared)
        return page.judge(rules, shared, outline=self._outline and shared is self._shared)
