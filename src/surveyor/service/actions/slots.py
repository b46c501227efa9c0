"""Moves a run's slots through their states; who holds a slot is decided under the scan's row lock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from surveyor.remedy import lifecycle
from surveyor.scan.errors import ScanError
from surveyor.scan.model import Coverage, CoverageState, Finding, Kind, Report, ScanStatus
from surveyor.scan.plan import SLOTS
from surveyor.service import queue
from surveyor.service.actions import clock, evidence, ingest, intake, inventories, rechecks, runs, webhooks
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, QuotaExceeded, ServiceError, StorageUnavailable
from surveyor.service.store import artifacts, events, findings, llm_calls, llm_quota, scans
from surveyor.service.store.artifacts import Artifact
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.events import NewEvent
from surveyor.service.store.llm_calls import NewCall
from surveyor.service.store.scans import Scan, Slot

SLOT_TASK = "scan_slot"
#: Why a run ended that nobody worked on.
STALE = "stale"
#: What a model adds to the slot ``accessibility`` is kept apart from it: the next scan may have no model to ask.
MODEL_SLOT = "accessibility_model"
#: The entry of a run's summary with the scores of its scanners.
SCORES = "scores"
#: The entry with how its pages load.
MEASUREMENTS = "measurements"
#: Said once for a whole run, never by one of its parts.
_OF_THE_WHOLE = frozenset({"scan.start", "scan.summary", "scan.done"})
_LOOKED = frozenset({ScanStatus.COMPLETE, ScanStatus.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A slot that is now this run's; ``saw`` is the run whose evidence it judges, where it looks at nothing itself."""

    scan: Scan
    artifact: Artifact | None
    saw: Scan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a model added to a slot: its own report, if it could look, what became of it, and every try.

    ``judged`` are the slot's own findings, in their order, with the model's words among their evidence.
    """

    coverage: Coverage
    report: Report | None = None
    judged: tuple[Finding, ...] = ()
    calls: tuple[NewCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a slot: the report its child left, or why there is none; ``beside`` is what a model added to it.

    ``unkept`` is why the report itself is not stored; what it found is all the same. ``evidence`` is a file of what its
    child saw.
    """

    report: bytes | None = None
    reason: str | None = None
    detail: str = ""
    beside: Beside | None = None
    unkept: ServiceError | None = None
    evidence: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What a lost run had said behind ``offset``, the last byte that was stored."""

    run: UUID
    offset: int
    said: tuple[NewEvent, ...]


class _Superseded(Exception):
    """Another run holds the slot: nothing of this transaction may stay."""


async def begin(sessions: Sessions, scan_id: UUID) -> bool:
    """Set a queued run running, with all its slots pending and one job for each; ``False`` when it is not queued."""
    async with sessions() as session, session.begin():
        scan = await scans.lock(session, scan_id)
        if scan is None or scan.status != "queued":
            return False
        names = SLOTS[Kind(scan.kind)] if scan.recheck_of is None else await rechecks.slots_of(session, scan)
        orders = [queue.Order(task=SLOT_TASK, args={"scan_id": str(scan_id), "slot": name}) for name in names]
        jobs = await queue.enqueue_many(session, orders)
        now = clock.now()
        await scans.change(
            session,
            scan_id,
            status="running",
            started_at=now,
            heartbeat_at=now,
            attempts=scan.attempts + 1,
            scanner_status={name: Slot() for name in names},
            job_ids=jobs,
        )
        if scan.kind == Kind.WEB:
            start = NewEvent(ts=now, stage="scan.start", detail=f"web {scan.url}", pct=1)
            await events.append(session, scan_id, [start])
        else:
            await events.ring(session, scan_id, scan.last_seq)
    return True


async def claim(
    sessions: Sessions, scan_id: UUID, slot: str, run: UUID, *, leftover: Leftover | None = None
) -> Claim | None:
    """Take a slot for a run; ``None`` when there is nothing to do: the slot or the scan has ended.

    What a lost run had said and nobody had stored is stored now, under the lock that takes the slot away from it, so
    nothing is said twice.
    """
    async with sessions() as session, session.begin():
        scan = await scans.lock(session, scan_id)
        held = scan.scanner_status.get(slot) if scan else None
        if scan is None or held is None or scan.status != "running" or held.state in lifecycle.ENDED:
            return None
        now = clock.now()
        taken = Slot(
            state="running",
            run=str(run),
            attempt=held.attempt + 1,
            started_at=held.started_at or now.isoformat(),
            heartbeat_at=now.isoformat(),
        )
        await scans.change(
            session,
            scan_id,
            scanner_status={**scan.scanner_status, slot: taken},
            event_offsets={**scan.event_offsets, slot: 0},
            heartbeat_at=now,
        )
        at = (held.run, scan.event_offsets.get(slot, 0))
        said = list(leftover.said) if leftover and (str(leftover.run), leftover.offset) == at else []
        said = spoken(scan, slot, said)
        if held.attempt:
            stage = f"{stem(scan, slot)}.retry.warn"
            said.append(NewEvent(ts=now, stage=stage, detail=f"attempt {taken.attempt}", level="warn"))
        if said:
            await events.append(session, scan_id, said, slot=slot)
        else:
            await events.ring(session, scan_id, scan.last_seq)
        artifact = await artifacts.find(session, scan.team_id, scan.artifact_id) if scan.artifact_id else None
        saw = await scans.find(session, scan.recheck_of) if scan.recheck_of else None
    return Claim(scan=scan, artifact=artifact, saw=saw)


def stem(scan: Scan, slot: str) -> str:
    """What a slot's own events begin with: a page has four scanners, so each speaks under its name."""
    return slot if scan.kind == Kind.WEB else "scan"


def spoken(scan: Scan, slot: str, said: Sequence[NewEvent]) -> list[NewEvent]:
    """A child's events as the run's: of a page's four children none can speak for the whole scan.

    What it says of its own beginning and end, the slot has said already; the rest is the slot's.
    """
    if scan.kind != Kind.WEB:
        return list(said)
    own = [event for event in said if event.stage not in _OF_THE_WHOLE]
    return [replace(e, stage=slot + e.stage[4:]) if e.stage.startswith("scan.") else e for e in own]


async def deliver(
    sessions: Sessions, scan: Scan, slot: str, run: UUID, said: Sequence[NewEvent], *, start: int, offset: int
) -> bool:
    """Store what a child said between two offsets of its file; ``False`` when the slot is no longer this run's."""
    async with sessions() as session, session.begin():
        return await events.append_from_slot(
            session, scan.id, slot, run, spoken(scan, slot, said), start=start, offset=offset
        )


async def finish(platform: Platform, scan: Scan, slot: str, run: UUID, result: Result) -> bool:
    """End a slot with its result, and the run with its last slot; ``False`` when the slot is no longer this run's.

    Findings, inventory, coverage, the slot's state and the run's end are one transaction. Raises StorageUnavailable.
    """
    report, result = await _judged(result)
    key = None
    if report is not None and result.report is not None and result.unkept is None:
        key = f"scans/{scan.id}/{slot}.{run}.json"
        try:
            await platform.storage.put_bytes(key, result.report)
        except StorageUnavailable:
            raise  # it may come back: who called decides how long to wait
        except ServiceError as error:
            key, result = None, replace(result, unkept=error)
    seen = await evidence.keep(platform, scan, slot, run, result.evidence) if key is not None else None
    try:
        async with platform.sessions() as session, session.begin():
            kept = await _finish(session, scan.id, slot, run, report, key, result, kept=seen)
    except _Superseded:
        async with platform.sessions() as session:
            now = await scans.find(session, scan.id)
        if key is not None and (now is None or now.report_keys.get(slot) != key):
            await platform.storage.delete(key)
            if seen is not None:
                await platform.storage.delete(seen)
        return key is not None and now is not None and now.report_keys.get(slot) == key
    if key is not None and not kept:
        await platform.storage.delete(key)
        if seen is not None:
            await platform.storage.delete(seen)
    return True


async def _judged(result: Result) -> tuple[Report | None, Result]:
    if result.report is None:
        return None, result
    try:
        return await asyncio.to_thread(intake.read, result.report), result
    except ScanError as error:
        return None, Result(reason=error.code, detail=f"the report is not usable: {error}")


async def _finish(
    session: Session,
    scan_id: UUID,
    slot: str,
    run: UUID,
    report: Report | None,
    key: str | None,
    result: Result,
    *,
    kept: str | None = None,
) -> bool:
    """One transaction's work; whether the report was fit to be kept."""
    scan = await scans.find(session, scan_id)
    if scan is None or not scans.holds(scan, slot, run):
        raise _Superseded
    looked = report is not None and report.scan_status in _LOOKED
    beside = result.beside
    if beside is not None:
        whose = {"team_id": scan.team_id, "project_id": scan.project_id, "subject_id": scan.id}
        await llm_calls.add(session, **whose, calls=beside.calls)
    if report is not None and looked:
        try:
            async with session.begin_nested():
                saw = await rechecks.newest(session, scan)
                await ingest.apply(session, scan, slot, _worded(report, beside), saw=saw)
                if beside is not None and beside.report is not None:
                    await ingest.apply(session, scan, MODEL_SLOT, beside.report)
        except ScanError as error:
            looked, report, key = False, None, None
            result = Result(reason=error.code, detail=f"the report is not usable: {error}")
        except Conflict as error:
            looked, report, key = False, None, None
            result = Result(reason=rechecks.OVERTAKEN, detail=error.message)
    elif report is not None:
        result = Result(reason=_reason(report, slot), detail=report.error or "the target could not be looked at")
    scan = await scans.lock(session, scan_id)
    if scan is None or not scans.holds(scan, slot, run):
        raise _Superseded
    state = "done" if looked else "failed"
    if kept is not None and key is not None:
        await scans.change(session, scan_id, evidence_keys={**scan.evidence_keys, slot: kept})
    await _end_slot(session, scan, slot, state=state, report=report, key=key, result=result)
    return key is not None


def _worded(report: Report, beside: Beside | None) -> Report:
    """A report with a model's words in its findings' evidence: that and how sure one is are all it may have changed."""
    if beside is None or len(beside.judged) != len(report.findings):
        return report
    pairs = zip(report.findings, beside.judged, strict=True)
    worded = tuple(replace(own, evidence=said.evidence, confidence=said.confidence) for own, said in pairs)
    return replace(report, findings=worded)


def _reason(report: Report, slot: str) -> str:
    """The stable code of why a report has nothing to say: its slot's own entry first."""
    bad = [e for e in report.coverage if e.reason and e.state not in {CoverageState.LOOKED, CoverageState.SKIPPED}]
    own = [e for e in bad if e.what == f"slot.{slot}"]
    chosen = next(iter(own or bad), None)
    return intake.clean(chosen.reason, 80) if chosen else "scan_error"


async def _end_slot(
    session: Session, scan: Scan, slot: str, *, state: str, report: Report | None, key: str | None, result: Result
) -> None:
    """Write the slot's end under the row lock; with the last slot the run ends too."""
    now = clock.now()
    held = scan.scanner_status.get(slot, Slot())
    failed = state == "failed"
    ended = replace(held, state=state, reason=result.reason if failed else None, finished_at=now.isoformat())
    slots = {**scan.scanner_status, slot: ended}
    coverage = list(scan.coverage)
    if report is not None:
        coverage += intake.coverage(report.coverage, slot)
        if result.beside is not None:
            coverage += intake.coverage([result.beside.coverage], MODEL_SLOT)
        if result.unkept is not None and not failed:
            coverage.append(_unkept(result.unkept, slot))
    elif failed:
        coverage.append(
            {"what": f"slot.{slot}", "state": "failed", "reason": result.reason, "detail": result.detail, "slot": slot}
        )
    values: dict[str, object] = {"scanner_status": slots, "coverage": coverage, "heartbeat_at": now}
    if key is not None:
        values["report_keys"] = {**scan.report_keys, slot: key}
    summary = scan.summary
    if report is not None and scan.kind == Kind.ARTIFACT:
        kept = {inventories.PACKAGES: len(report.packages), inventories.UPGRADES: intake.upgrades(report)}
        summary = values["summary"] = {**summary, **kept}
    if report is not None and report.scores:
        others = [score for score in summary.get(SCORES, ()) if score["scanner"] != slot]
        summary = values["summary"] = {**summary, SCORES: [*others, *intake.scores(report.scores)]}
    if report is not None and report.measurements:
        summary = values["summary"] = {**summary, MEASUREMENTS: intake.measurements(report.measurements)}
    await scans.change(session, scan.id, **values)
    said = [] if not failed or report is not None else [_error(stem(scan, slot), result)]
    scan = replace(scan, scanner_status=slots, coverage=tuple(coverage), summary=summary)
    await _settle(session, scan, said, slot, result)


def _unkept(why: ServiceError, slot: str) -> dict[str, object]:
    detail = f"the scanner's own report could not be stored, its findings are: {why.message}"
    return {"what": "report", "state": "failed", "reason": why.code, "detail": detail, "slot": slot}


def _error(stem: str, result: Result) -> NewEvent:
    data = {"reason": result.reason}
    return NewEvent(ts=clock.now(), stage=f"{stem}.error", detail=result.detail, level="error", pct=100, data=data)


async def _settle(session: Session, scan: Scan, said: list[NewEvent], slot: str, result: Result) -> None:
    """End the run if this was its last slot, or hand it to the analyser: under the lock exactly one finisher does."""
    states = {name: held.state for name, held in scan.scanner_status.items()}
    if said:
        await events.append(session, scan.id, said, slot=slot)
    if lifecycle.finish(states) is None:
        if not said:
            await events.ring(session, scan.id, scan.last_seq)
        return
    counts = await findings.count_by_severity(session, scan.id)
    unit = await llm_quota.state_of(session, purpose="scan", subject_id=scan.id)
    verdict = lifecycle.finish(states, analyser=unit == "reserved", findings=sum(counts.values()))
    if verdict is not None and verdict.analyse and scan.analysis_enqueued_at is None:
        await runs.hand_over(session, scan, counts)
        return
    if unit == "refused":
        skipped = {"what": "analysis", "state": "skipped", "reason": QuotaExceeded.code, "slot": "analysis"}
        scan = replace(scan, coverage=(*scan.coverage, skipped))
        await scans.change(session, scan.id, coverage=list(scan.coverage))
    error = _error_of(scan, result) if "done" not in states.values() else None
    rung = await runs.end(session, scan, counts, error=error)
    if not rung and not said:
        await events.ring(session, scan.id, scan.last_seq)


def _error_of(scan: Scan, result: Result) -> str:
    if scan.kind == Kind.ARTIFACT:
        return result.detail
    return "; ".join(f"{name}: {held.reason}" for name, held in scan.scanner_status.items())


async def fail(sessions: Sessions, scan_id: UUID, *, reason: str, detail: str, slot: str | None = None) -> bool:
    """End a slot, or all of a run's open ones, from outside; ``False`` when the run had ended already."""
    result = Result(reason=reason, detail=detail)
    async with sessions() as session, session.begin():
        scan = await scans.lock(session, scan_id)
        if scan is None or scan.status in scans.TERMINAL:
            return False
        if slot is not None:
            if scan.scanner_status.get(slot, Slot()).state in lifecycle.ENDED:
                return False
            await _end_slot(session, scan, slot, state="failed", report=None, key=None, result=result)
            return True
        await queue.cancel(session, scan.job_ids)
        if reason == STALE:
            await webhooks.announce_scan(session, scan, webhooks.SCAN_STALE, reason=reason)
        if scan.analysis_enqueued_at is not None:
            await runs.end_unanalysed(session, scan, reason=reason, detail=detail)
            return True
        await llm_quota.settle(session, purpose="scan", subject_id=scan_id)
        now = clock.now()
        slots = {
            name: held
            if held.state in lifecycle.ENDED
            else replace(held, state="failed", reason=reason, run=None, finished_at=now.isoformat())
            for name, held in scan.scanner_status.items()
        }
        await scans.change(session, scan_id, status="failed", scanner_status=slots, error=detail, finished_at=now)
        await events.append(session, scan_id, [_error("scan", result)])
        await webhooks.announce_scan(session, scan, webhooks.SCAN_FAILED, status="failed", reason=reason)
    return True
