"""Runs a request from target to report; nothing it meets in a target makes it raise."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module

from surveyor import __version__
from surveyor.scan.engine.parts import Parts
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import ScanError, Unsupported
from surveyor.scan.events import Progress
from surveyor.scan.model import (
    INCOMPLETE,
    Coverage,
    CoverageState,
    Finding,
    Kind,
    Report,
    ScanStatus,
    Severity,
    Summary,
    Target,
    order,
)
from surveyor.scan.outline import Outline
from surveyor.scan.plan import Request
from surveyor.scan.settings import Settings

_OBJECTS = 400_000  # made since the last look for cycles
#: One pipeline a kind, imported when asked for: a page scan needs no archive reader and the other way round.
_PIPELINES = {Kind.WEB: "surveyor.scan.engine.web", Kind.ARTIFACT: "surveyor.scan.engine.artifact"}


def run(
    request: Request,
    settings: Settings,
    progress: Progress,
    *,
    outline: Callable[[Outline], None] | None = None,
    evidence: Callable[[bytes], None] | None = None,
) -> Report:
    """Scan one target; a target that cannot be read gives a report that says so.

    ``outline`` is given the page's, ``evidence`` a file of what was seen, where the request asks for it.
    """
    ledger = Ledger(progress)

    def work() -> Parts:
        found: Parts = import_module(_PIPELINES[request.kind]).run(request, settings, ledger)
        if outline is not None and found.outline is not None and found.outline.text:
            outline(found.outline)
        if evidence is not None and found.evidence is not None:
            evidence(found.evidence)
        return found

    return _run(request, ledger, work)


def recheck(data: bytes, settings: Settings, progress: Progress, *, rules: tuple[str, ...] | None = None) -> Report:
    """Judge what a scan kept of pages by today's rules, or by those of these ids; nothing is asked of any network.

    Raises ``Malformed`` or ``LimitExceeded`` for a file that is none.
    """
    from surveyor.scan.engine import web
    from surveyor.scan.engine.kept import bundle

    kept = bundle.decode(data)
    request = Request(kind=Kind.WEB, source=kept.source, slots=kept.slots, rules=rules, device=kept.device)
    ledger = Ledger(progress)
    return _run(request, ledger, lambda: web.again(kept, request, settings, ledger))


def unread(request: Request, progress: Progress, error: ScanError) -> Report:
    """The report on something that could not even be begun with."""
    return _failed(request, Ledger(progress), datetime.now(UTC), error)


def _run(request: Request, ledger: Ledger, work: Callable[[], Parts]) -> Report:
    started = datetime.now(UTC)
    ledger.progress("scan.start", f"{request.kind} {request.name or request.source}", pct=1)
    try:
        with _seldom_collected():
            parts = work()
    except ScanError as error:
        # the frames hold what was read, and some of them the error: files would stay open in a process that goes on
        return _failed(request, ledger, started, error.with_traceback(None))
    return _report(request, parts, ledger, started)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """What a scan makes lives until its report is written: looking for cycles in that after every 700 objects costs a
    twentieth of its time and finds none.
    """
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _report(request: Request, parts: Parts, ledger: Ledger, started: datetime) -> Report:
    findings = sorted(parts.findings, key=order)
    status = _status(request, parts, ledger)
    report = Report(
        scanner=_scanner(parts.units),
        target=parts.target,
        started_at=started,
        finished_at=datetime.now(UTC),
        scan_status=status,
        coverage=tuple(ledger.entries),
        sources=parts.sources,
        packages=tuple(sorted(parts.packages, key=lambda p: (p.purl, p.found_by))),
        findings=tuple(findings),
        upgrades=parts.upgrades,
        scores=parts.scores,
        measurements=parts.measurements,
        summary=summarise(findings, packages=len(parts.packages)),
        error=_reasons(parts) if status is ScanStatus.FAILED else None,
    )
    counts = " ".join(f"{name}={count}" for name, count in report.summary.findings.items())
    ledger.progress("scan.summary", f"packages={report.summary.packages} {counts}", findings=report.summary.findings)
    if status is ScanStatus.FAILED:
        # a scanner that nobody has set up is no error of the scan
        ledger.progress("scan.skip" if _unconfigured(ledger) else "scan.error", report.error or "", pct=100)
    else:
        ledger.progress("scan.done", f"status={status}", pct=100)
    return report


def _failed(request: Request, ledger: Ledger, started: datetime, error: ScanError) -> Report:
    unsupported = isinstance(error, Unsupported)
    what = f"slot.{request.slots[0]}" if len(request.slots) == 1 else "scan"
    ledger.add(
        Coverage(
            what=what,
            state=CoverageState.FAILED,
            reason=getattr(error, "rule", None) or error.code,
            detail=str(error),
            asset=request.name or request.source,
        )
    )
    ledger.progress("scan.error", f"{request.name or request.source}: {error}", pct=100, reason=error.code)
    return Report(
        scanner=_scanner({}),
        target=Target(kind=request.kind, source=request.source, type="unknown", name=request.name),
        started_at=started,
        finished_at=datetime.now(UTC),
        scan_status=ScanStatus.UNSUPPORTED if unsupported else ScanStatus.FAILED,
        coverage=tuple(ledger.entries),
        summary=summarise([], packages=0),
        error=str(error),
    )


def _status(request: Request, parts: Parts, ledger: Ledger) -> ScanStatus:
    if len(parts.failed_slots) == len(request.slots):
        return ScanStatus.FAILED
    if any(entry.state in INCOMPLETE for entry in ledger.entries):
        return ScanStatus.PARTIAL
    return ScanStatus.COMPLETE


def _unconfigured(ledger: Ledger) -> bool:
    states = {entry.state for entry in ledger.entries if entry.what.startswith("slot.")}
    return states == {CoverageState.NOT_CONFIGURED}


def _reasons(parts: Parts) -> str:
    """One sentence a reason; slots that failed for the same one share it."""
    slots: dict[str, list[str]] = {}
    for slot, reason in parts.failed_slots.items():
        slots.setdefault(reason, []).append(slot)
    if len(slots) == 1:
        return next(iter(slots))
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in slots.items())


def _scanner(units: dict[str, int]) -> dict[str, object]:
    return {"name": "surveyor", "version": __version__, "units": dict(sorted(units.items()))}


def summarise(findings: list[Finding], *, packages: int) -> Summary:
    """Count findings by severity; every severity is named so that a reader never guesses a zero."""
    counts = Counter(finding.severity for finding in findings)
    return Summary(findings={severity.value: counts[severity] for severity in Severity}, packages=packages)
