"""Has a model look at a page's outline, beside the rules of the slot and without any power over it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from surveyor import __version__
from surveyor.scan.evidence import normal
from surveyor.scan.model import Coverage, CoverageState, Kind, Report, ScanStatus, Target
from surveyor.service.actions import llm
from surveyor.service.actions.slots import MODEL_SLOT, Beside
from surveyor.service.jobs.asking import in_thread
from surveyor.service.jobs.interface import Work, log, patiently
from surveyor.service.store import llm_quota
from surveyor.service.store.llm_calls import NewCall
from surveyor.service.store.scans import Scan

SLOT = "accessibility"
_OUTLINE_BYTES = 64 << 10


async def wanted(work: Work, scan: Scan, slot: str) -> bool:
    """Whether a model is to look beside this slot: a unit is held for the run."""
    if slot != SLOT or scan.kind != Kind.WEB:
        return False
    sessions = work.platform.sessions

    async def held() -> bool:
        async with sessions() as session:
            return await llm_quota.state_of(session, purpose="scan", subject_id=scan.id) == "reserved"

    return await patiently(held)


async def look(work: Work, scan: Scan, outline: Path) -> Beside:
    """What a model sees in an outline; every failure is an entry of coverage and nothing more."""
    started, url = datetime.now(UTC), normal(scan.url or "")
    try:
        text = await asyncio.to_thread(_read, outline)
    except OSError:
        return _blind(url, "no_outline", "there was no page to outline")
    try:
        return await _ask(work, scan, url, text, started)
    except TimeoutError:
        return _blind(url, "timeout", "no answer in time")
    except Exception as error:  # noqa: BLE001 - part of the job wrapper: the rules' result must not be lost for this
        log.exception("accessibility_model.failed", scan_id=str(scan.id))
        return _blind(url, "internal_error", f"{type(error).__name__} in the service")


def _read(outline: Path) -> str:
    with outline.open("rb") as file:
        return file.read(_OUTLINE_BYTES).decode("utf-8", "replace")


async def _ask(work: Work, scan: Scan, url: str, text: str, started: datetime) -> Beside:
    from surveyor.llm.accessibility import review
    from surveyor.llm.interface import LlmError, Unanswered

    platform = work.platform
    caller = await patiently(lambda: llm.callers(platform, team_id=scan.team_id, purpose=SLOT))
    try:
        # three providers and two pauses at most; the bound of an analysis is the bound of all of it
        found, trail = await in_thread(lambda: review(url, text, caller.ask), seconds=platform.llm.analysis_seconds)
    except Unanswered as error:
        return _blind(url, error.code, str(error), calls=tuple(llm.calls(error.trail)))
    except LlmError as error:
        return _blind(url, error.code, str(error))
    model = trail[-1].model or trail[-1].asked
    report = Report(
        scanner={"name": "surveyor", "version": __version__, "units": {}},
        target=Target(kind=Kind.WEB, source=scan.url or "", type="url"),
        started_at=started,
        finished_at=datetime.now(UTC),
        scan_status=ScanStatus.COMPLETE,
        findings=found,
    )
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}",
        state=CoverageState.LOOKED,
        detail=f"{model[:200]} named {len(found)} criteria",
        asset=url,
        count=len(found),
    )
    return Beside(coverage=entry, report=report, calls=tuple(llm.calls(trail)))


def _blind(url: str, reason: str, detail: str, *, calls: tuple[NewCall, ...] = ()) -> Beside:
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}", state=CoverageState.FAILED, reason=reason, detail=detail[:1_000], asset=url
    )
    return Beside(coverage=entry, calls=calls)
