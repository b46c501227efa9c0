"""Has a model look at a page's outline, beside the rules of the slot and without any power over it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from surveyor import __version__
from surveyor.scan.address import normal
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.model import Coverage, CoverageState, Finding, Kind, Report, ScanStatus, Target
from surveyor.scan.outline import Outline
from surveyor.service.actions import llm
from surveyor.service.actions.slots import MODEL_SLOT, Beside
from surveyor.service.errors import QuotaExceeded
from surveyor.service.jobs.asking import in_thread
from surveyor.service.jobs.interface import Work, log, patiently
from surveyor.service.store.llm_calls import NewCall
from surveyor.service.store.scans import Scan

SLOT = "accessibility"
#: Text and selectors, each character of which JSON may write as six.
_OUTLINE_BYTES = 2 << 20
_UNASKED: dict[str | None, tuple[str, str]] = {
    "refused": (QuotaExceeded.code, "no unit was left for a model"),
    None: ("not_configured", "no language model is configured, or none was wanted for this scan"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a model said of one page, or the ``reason`` why it said nothing; every try either way.

    ``outline`` is what it was shown, ``left_out`` says what of the page it was not.
    """

    findings: tuple[Finding, ...] = ()
    model: str = ""
    outline: str = ""
    left_out: str = ""
    reason: str | None = None
    detail: str = ""
    calls: tuple[NewCall, ...] = ()


def beside(scan: Scan, slot: str) -> bool:
    """Whether a model has anything to look at beside this slot."""
    return slot == SLOT and scan.kind == Kind.WEB


async def unit_of(work: Work, scan: Scan) -> str | None:
    """What is known of the run's unit: only while one is held may a model be asked."""
    sessions = work.platform.sessions
    return await patiently(lambda: llm.unit_of(sessions, purpose="scan", subject_id=scan.id))


def unasked(scan: Scan, unit: str | None) -> Beside:
    """What is told of a model that nobody asked: there is none, it was not wanted, or no unit was left."""
    reason, detail = _UNASKED.get(unit, _UNASKED[None])
    refused = unit == "refused"
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}",
        state=CoverageState.SKIPPED if refused else CoverageState.NOT_CONFIGURED,
        reason=reason,
        detail=detail,
        asset=normal(scan.url or ""),
    )
    return Beside(coverage=entry)


async def look(work: Work, scan: Scan, outline: Path) -> Beside:
    """What a model sees in an outline; every failure is an entry of coverage and nothing more."""
    started, url = datetime.now(UTC), normal(scan.url or "")
    seen = await ask(work, scan.team_id, url, outline)
    if seen.reason is not None:
        return _blind(url, seen)
    report = Report(
        scanner={"name": "surveyor", "version": __version__, "units": {}},
        target=Target(kind=Kind.WEB, source=scan.url or "", type="url"),
        started_at=started,
        finished_at=datetime.now(UTC),
        # what is not named on a part of a page is not gone
        scan_status=ScanStatus.PARTIAL if seen.left_out else ScanStatus.COMPLETE,
        findings=seen.findings,
    )
    told = f"{seen.model[:200]} named {len(seen.findings)} criteria"
    told = f"{told}; {seen.left_out}" if seen.left_out else told
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}",
        state=CoverageState.PARTIAL if seen.left_out else CoverageState.LOOKED,
        reason=LimitExceeded.code if seen.left_out else None,
        detail=told,
        asset=url,
        count=len(seen.findings),
    )
    return Beside(coverage=entry, report=report, calls=seen.calls)


async def ask(work: Work, team_id: UUID, url: str, outline: Path) -> Seen:
    """Show a model the outline in a file, within the bound of an analysis; every failure is a reason."""
    try:
        page = await asyncio.to_thread(_read, outline)
    except OSError:
        return Seen(reason="no_outline", detail="there was no page to outline")
    except ValueError:
        return Seen(reason="no_outline", detail="the outline that the scanner left could not be read")
    try:
        return await _ask(work, team_id, url, page)
    except TimeoutError:
        return Seen(reason="timeout", detail="no answer in time")
    except Exception as error:  # noqa: BLE001 - part of the job wrapper: the rules' result must not be lost for this
        log.exception("accessibility_model.failed", team_id=str(team_id))
        return Seen(reason="internal_error", detail=f"{type(error).__name__} in the service")


def _read(outline: Path) -> Outline:
    """What the child left; longer than any it would write, it is cut and so no JSON."""
    with outline.open("rb") as file:
        return Outline.decode(file.read(_OUTLINE_BYTES))


async def _ask(work: Work, team_id: UUID, url: str, page: Outline) -> Seen:
    from surveyor.llm.accessibility import review
    from surveyor.llm.interface import LlmError, Unanswered

    platform = work.platform
    caller = await patiently(lambda: llm.callers(platform, team_id=team_id, purpose=SLOT))
    try:
        # three providers and two pauses at most; the bound of an analysis is the bound of all of it
        found, trail = await in_thread(
            lambda: review(url, page.text, caller.ask, page.selectors), seconds=platform.llm.analysis_seconds
        )
    except Unanswered as error:
        return Seen(reason=error.code, detail=str(error), calls=tuple(llm.calls(error.trail)))
    except LlmError as error:
        return Seen(reason=error.code, detail=str(error))
    model = trail[-1].model or trail[-1].asked
    return Seen(findings=found, model=model, outline=page.text, left_out=page.left_out, calls=tuple(llm.calls(trail)))


def _blind(url: str, seen: Seen) -> Beside:
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}",
        state=CoverageState.FAILED,
        reason=seen.reason,
        detail=seen.detail[:1_000],
        asset=url,
    )
    return Beside(coverage=entry, calls=seen.calls)
