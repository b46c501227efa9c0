"""How a run ends: with its last slot, or after the analysis that its slots were handed to."""

from __future__ import annotations

from collections.abc import Mapping

from surveyor.remedy import health
from surveyor.scan.model import Kind
from surveyor.service import queue
from surveyor.service.actions import advisories, clock, webhooks
from surveyor.service.store import events, findings, llm_quota, scans
from surveyor.service.store.database import Session
from surveyor.service.store.events import NewEvent
from surveyor.service.store.scans import Scan

ANALYSE_TASK = "analyse"


async def hand_over(session: Session, scan: Scan, counts: dict[str, int]) -> None:
    """Enqueue the analyser; the run stays ``running`` until it has ended."""
    job = await queue.enqueue(session, ANALYSE_TASK, {"scan_id": str(scan.id)})
    now = clock.now()
    summary = _summary(scan, counts, error=None)
    await scans.change(
        session, scan.id, analysis_enqueued_at=now, job_ids=[*scan.job_ids, job], summary=summary, heartbeat_at=now
    )
    asked = NewEvent(ts=now, stage="analysis.queued", detail=f"findings={sum(counts.values())}")
    await events.append(session, scan.id, [asked])


async def end(
    session: Session,
    scan: Scan,
    counts: dict[str, int],
    *,
    error: str | None = None,
    said: Mapping[str, object] | None = None,
) -> bool:
    """End a run whose row the caller holds: its summary (``said`` is the model's part), its unit, its last event.

    Whether an event was written, which rings for everything else.
    """
    now, status = clock.now(), "failed" if error else "done"
    if not error:
        await advisories.catch_up(session, scan)
    summary = _summary(scan, counts, error=error) | dict(said or {})
    await llm_quota.settle(session, purpose="scan", subject_id=scan.id)
    await scans.change(session, scan.id, status=status, finished_at=now, summary=summary, error=error)
    told = {"status": status, "findings": summary["findings"], "computed_health": summary["computed_health"]}
    await webhooks.announce_scan(session, scan, webhooks.SCAN_FAILED if error else webhooks.SCAN_DONE, **told)
    if scan.kind != Kind.WEB:
        return False
    stage, level = ("scan.error", "error") if error else ("scan.done", "info")
    detail = error or f"status={status}"
    last = NewEvent(ts=now, stage=stage, detail=detail, level=level, pct=100, data={"findings": counts})
    await events.append(session, scan.id, [last])
    return True


def _summary(scan: Scan, counts: dict[str, int], *, error: str | None) -> dict[str, object]:
    score = health.computed(counts, looked=error is None and not health.unjudged(scan.coverage))
    return {**scan.summary, "findings": None if error else counts, "computed_health": score}


async def restate(session: Session, scan: Scan) -> None:
    """Count an ended run's findings anew; the caller holds its row."""
    counts = await findings.count_by_severity(session, scan.id)
    await scans.change(session, scan.id, summary=_summary(scan, counts, error=None))


async def end_unanalysed(session: Session, scan: Scan, *, reason: str, detail: str) -> None:
    """End a run, whose row the caller holds, that the analyser did not finish: done, and coverage says why."""
    entry = {"what": "analysis", "state": "failed", "reason": reason, "detail": detail, "slot": "analysis"}
    await scans.change(session, scan.id, coverage=[*scan.coverage, entry])
    failed = NewEvent(ts=clock.now(), stage="analysis.err", detail=detail, level="warn", data={"reason": reason})
    await events.append(session, scan.id, [failed])
    await end(session, scan, await findings.count_by_severity(session, scan.id))
