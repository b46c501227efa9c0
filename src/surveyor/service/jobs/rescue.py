"""Gives the jobs of dead workers to living ones, and ends those that were started too often."""

from __future__ import annotations

from uuid import UUID

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import deliveries, slots, verifications
from surveyor.service.jobs.interface import app_of, log, patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Look for workers without a sign of life; what was started too often fails, a slot with that as its last event."""
    _ = timestamp
    work, app = work_of(context), app_of(context)
    sessions = work.platform.sessions
    for job in await queue.stalled(app, seconds=work.stalled):
        log.warning("rescue", job=job.id, task=job.task_name, attempts=job.attempts)
        if job.attempts + 1 < work.attempts:
            await queue.put_back(app, job)
            continue
        if (scan_id := job.task_kwargs.get("scan_id")) is not None:
            slot = job.task_kwargs.get("slot")
            detail = f"given up after {job.attempts + 1} attempts: each time its worker died"
            await patiently(
                lambda scan_id=scan_id, slot=slot, detail=detail: slots.fail(  # type: ignore[misc]
                    sessions,
                    UUID(str(scan_id)),
                    slot=None if slot is None else str(slot),
                    reason="attempts",
                    detail=detail,
                )
            )
        if (looking := job.task_kwargs.get("verification_id")) is not None:
            await patiently(
                lambda looking=looking: verifications.fail(sessions, UUID(str(looking)), reason="attempts")  # type: ignore[misc]
            )
        if (delivery := job.task_kwargs.get("delivery_id")) is not None:
            await patiently(
                lambda delivery=delivery: deliveries.lost(  # type: ignore[misc]
                    sessions, UUID(str(delivery)), retry_seconds=work.webhook_retry
                )
            )
        await queue.give_up(app, job)


TASK = queue.Task(name="rescue", run=run, queue=queue.CONTROL, cron="* * * * * */5", retry=None)
