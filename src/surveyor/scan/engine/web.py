"""A web page from URL to findings: each slot gathers its evidence and runs its checks within its own deadline."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial

from surveyor.scan.check import registry
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Judge, Needs
from surveyor.scan.check.outline import outlined
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine.parts import Parts
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import LimitExceeded, ScanError, Unreachable, Unsupported
from surveyor.scan.events import Event, Progress
from surveyor.scan.evidence import Outline, Page, Speed, normal
from surveyor.scan.gather import Errand, http, psi
from surveyor.scan.model import Asset, Coverage, CoverageState, Domain, Finding, Target
from surveyor.scan.net import Client, judge_url
from surveyor.scan.plan import Request
from surveyor.scan.settings import Settings

#: What gathering may leave of a slot's seconds to parsing and checking.
_GATHER_SHARE = 0.9
#: How much of what a narrowed rule judged is quoted.
_SAW = 1_000
#: Statuses of success that bring no content.
_EMPTY = frozenset({204, 205})
_CUT = LimitExceeded("only the beginning of the page was judged")


def run(request: Request, settings: Settings, ledger: Ledger, *, client: Client | None = None) -> Parts:
    """Run the slots that were asked for, all at once; one that fails or hangs does not touch the others.

    Narrowed to rules, only the slots that hold one of them run; an id that no rule has is an entry of coverage.
    """
    client = client or Client(settings)
    shared = _Shared(Errand(url=request.source, settings=settings, client=client, deadline=_deadline(settings)))
    relay = _Relay(ledger.progress)
    slots = [_Slot(name, shared, relay, request) for name in request.slots if _wanted(name, request)]
    for slot in slots:
        slot.start()
    for slot in slots:
        slot.finish(settings.limits.page_seconds)
    parts = Parts(target=_target(request, shared.page))
    for slot in slots:
        slot.hand_over(parts, ledger)
    for key in _unknown(request):
        detail = f"there is no check {key[:100]}"
        ledger.add(Coverage(what=f"check.{key}", state=CoverageState.FAILED, reason="unknown_check", detail=detail))
    return parts


def _wanted(slot: str, request: Request) -> bool:
    rules = request.rules
    return rules is None or _outlines(slot, request) or any(rule.id in rules for rule in CHECKS[Domain(slot)])


def _outlines(slot: str, request: Request) -> bool:
    return request.outline and slot == Domain.ACCESSIBILITY


def _unknown(request: Request) -> list[str]:
    known = {rule.id for slot in request.slots for rule in CHECKS[Domain(slot)]}
    return [key for key in request.rules or () if key not in known]


def _deadline(settings: Settings) -> float:
    return time.monotonic() + settings.limits.page_seconds * _GATHER_SHARE


def _target(request: Request, page: Page | None) -> Target:
    """The URL as asked for; ``name`` is the one that answered, when that is another."""
    final = page.url if page is not None and normal(page.url) != _asset(request.source).value else None
    return Target(kind=request.kind, source=request.source, type="url", name=final)


def _asset(url: str) -> Asset:
    try:
        return Asset(type="url", value=normal(url))
    except ValueError:  # not a URL; the slots say so
        return Asset(type="url", value=url)


class _Shared:
    """What the slots of one process have in common: the errand, and one GET of the page for all of them."""

    def __init__(self, errand: Errand) -> None:
        self.errand = errand
        self.asset = _asset(errand.url)
        self.page: Page | None = None
        self._error: ScanError | None = None
        self._lock = threading.Lock()

    def fetch(self) -> Page:
        """The page; whoever comes first asks for it, and its error is everybody's."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if self.page is None:
                try:
                    self.page = http.gather(self.errand)
                except ScanError as error:
                    self._error = error
                    raise
            return self.page


class _Relay:
    """Brings events of several threads to one progress, one at a time; those of a closed slot are dropped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def of(self, slot: _Slot) -> Progress:
        """A progress for one slot's thread."""

        def sink(event: Event) -> None:
            with self._lock:
                if not slot.closed:
                    self._progress(event.stage, event.detail, pct=event.pct, level=event.level, **event.data)

        return Progress(sink)


@dataclass(slots=True)
class _Result:
    """What a slot came to; complete only when its thread says so."""

    findings: list[Finding] = field(default_factory=list)
    units: dict[str, int] = field(default_factory=dict)
    outline: Outline | None = None
    done: bool = False


class _Slot:
    """One scanner at work in its own thread."""

    def __init__(self, name: str, shared: _Shared, relay: _Relay, request: Request) -> None:
        self.name = name
        self._rules = rules = request.rules
        self._outline = _outlines(name, request)
        self._checks = tuple(rule for rule in CHECKS[Domain(name)] if rules is None or rule.id in rules)
        self.closed = False
        self._shared = shared
        self._result = _Result()
        self._ledger = Ledger(relay.of(self))
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
            ledger.add(entry)
        if self._late or not self._result.done:
            own = [entry for entry in entries if entry.what == f"slot.{self.name}"]
            parts.failed_slots[self.name] = (own[-1].detail if own else None) or "failed"
            return
        parts.findings += tuple(self._result.findings)
        parts.units |= self._result.units
        parts.outline = self._result.outline or parts.outline

    def _work(self) -> None:
        progress, result = self._ledger.progress, self._result
        asset = self._shared.asset.value
        with progress.timing(self.name):
            progress(f"{self.name}.start", asset)
            entry = self._ledger.attempt(f"slot.{self.name}", self._scan, stage=self.name, asset=asset)
        if entry is None:
            return
        self._ledger.add(entry)
        result.done = True
        counts = dict.fromkeys(("critical", "high", "medium", "low"), 0)
        for finding in result.findings:
            counts[finding.severity.value] += 1
        told = " ".join(f"{severity}={count}" for severity, count in counts.items())
        progress(f"{self.name}.done", f"findings={len(result.findings)} {told}", findings=counts)

    def _scan(self) -> Coverage:
        """Gather, then judge; the entry says how many rules could be run."""
        domain = Domain(self.name)
        if domain is Domain.PERFORMANCE:
            return self._judge_speed(self._measure())
        page = self._shared.fetch()
        self._ledger.progress(
            f"{self.name}.fetch",
            f"{page.status} {page.media_type} {len(page.body)} bytes from {page.url}",
            status=page.status,
            bytes=len(page.body),
            redirects=len(page.hops),
        )
        return self._judge_page(domain, page)

    def _measure(self) -> Speed:
        errand = self._shared.errand
        judge_url(errand.url, errand.settings)  # what we may not ask is nothing to tell others about
        speed = psi.gather(errand)
        self._result.units[psi.GATHERER.id] = psi.GATHERER.version
        score = "" if speed.score is None else f" score={speed.score:.2f}"
        values = {f"{metric.id}_{metric.source}": metric.value for metric in speed.metrics}
        self._ledger.progress("performance.fetch", f"{speed.engine}{score}", metrics=values, score=speed.score)
        return speed

    def _judge_speed(self, speed: Speed) -> Coverage:
        ran = 0
        for rule in self._checks:
            # a metric that was not measured (INP without visitors, for one) is unknown, not good
            metric = speed.metric(rule.id.removeprefix("performance_"))
            if rule.speed is not None and metric is not None:
                ran += self._apply(rule, partial(rule.speed, speed), saw=f"{metric.value:g} ({metric.source})")
        return self._looked(ran, len(self._checks))

    def _judge_page(self, domain: Domain, page: Page) -> Coverage:
        document = Document(page)
        self._result.units[http.GATHERER.id] = http.GATHERER.version
        missed = _missed(page)
        unfit = missed or _no_document(page)
        if unfit is not None and domain is Domain.ACCESSIBILITY:
            raise unfit
        if unfit is None and domain is not Domain.SECURITY:
            _ = document.elements  # markup that cannot be read fails the slot here, not each rule
        if self._outline:
            self._result.outline = outlined(document)
        ran = 0
        for rule in self._checks:
            if rule.page is not None and (unfit is None or rule.needs is Needs.PAGE):
                saw = _sent(page, rule.headers)
                cut = _CUT if page.cut and rule.needs is not Needs.PAGE else None
                ran += self._apply(rule, partial(rule.page, document), saw=saw, gap=missed or cut)
        gap = missed if domain is Domain.SECURITY else unfit
        if gap is not None:
            return self._partial(ran, gap.code, str(gap))
        if domain is Domain.SECURITY:
            return self._looked(ran, len(self._checks))
        if page.cut:
            limit = self._shared.errand.settings.limits.page_bytes
            return self._partial(ran, LimitExceeded.code, f"only the page's first {limit:,} bytes were judged")
        return self._looked(ran, len(self._checks))

    def _apply(self, rule: Check, judge: Judge, *, saw: str | None = None, gap: ScanError | None = None) -> bool:
        """Run one rule; whether it came to an end. ``saw`` is what it judged, ``gap`` why that was not what it should.

        What is found is found either way; only that nothing was proves nothing then.
        """
        found = self._ledger.attempt(f"check.{rule.id}", lambda: list(judge()), stage=self.name)
        if found is None:
            return False
        self._result.units[rule.id] = rule.version
        if self._rules is not None:
            self._ledger.add(self._ran(rule, len(found), saw, gap))
        self._result.findings += [registry.finding(rule, outcome, self._shared.asset) for outcome in found]
        return True

    def _ran(self, rule: Check, outcomes: int, saw: str | None, gap: ScanError | None) -> Coverage:
        return Coverage(
            what=f"check.{rule.id}",
            state=CoverageState.PARTIAL if gap else CoverageState.LOOKED,
            reason=gap.code if gap else None,
            detail=str(gap) if gap else (saw or "")[:_SAW] or None,
            asset=self._shared.asset.value,
            count=outcomes,
        )

    def _looked(self, ran: int, known: int) -> Coverage:
        detail = f"{ran} of {known} rules"
        asset = self._shared.asset.value
        return Coverage(what=f"slot.{self.name}", state=CoverageState.LOOKED, detail=detail, asset=asset, count=ran)

    def _partial(self, ran: int, reason: str, detail: str) -> Coverage:
        return Coverage(
            what=f"slot.{self.name}",
            state=CoverageState.PARTIAL,
            reason=reason,
            detail=detail,
            asset=self._shared.asset.value,
            count=ran,
        )


def _sent(page: Page, names: tuple[str, ...]) -> str | None:
    """The headers that a check judges, as they were sent."""
    sent = [f"{name}: {value}" for name in names for value in page.headers_of(name)]
    return "; ".join(sent) or "absent" if names else None


def _missed(page: Page) -> ScanError | None:
    """Why an answer is not the page that was asked for, if it is not: neither its content nor its headers are."""
    if page.status >= 400:
        return Unreachable(f"the server answered {page.status}, and an error page is not the page")
    if page.status >= 300 or page.status in _EMPTY:
        return Unreachable(f"the server answered {page.status} without a page")
    return None


def _no_document(page: Page) -> ScanError | None:
    """Why the content of a page cannot be judged as a document; its headers can."""
    if not page.is_html:
        return Unsupported(f"{page.media_type or 'the answer'} is not an HTML page")
    return None
