"""Gives the jobs of dead workers to living ones, and ends those that were started too often."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from procrastinate.job_context import JobContext
from procrastinate.jobs import Job

from surveyor.service import queue
from surveyor.service.actions import deliveries, handover, slots, verifications
from surveyor.service.jobs.interface import Work, app_of, log, patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Look for workers without a sign of life; what was started too often fails, a slot with that as its last event.

    Judged by heartbeats only, never by how long a job has run.
    """
    _ = timestamp
    work, app = work_of(context), app_of(context)
    for job in await queue.stalled(app, seconds=work.stalled):
        log.warning("rescue", job=job.id, task=job.task_name, attempts=job.attempts)
        if await _may_start_again(work, job):
            await queue.put_back(app, job)
            continue
        await _lost(work, job.task_kwargs)
        await queue.give_up(app, job)


async def _may_start_again(work: Work, job: Job) -> bool:
    """A slot counts its own attempts, from its claims; other jobs by how often they were begun."""
    begun = job.attempts + 1
    scan_id, slot = job.task_kwargs.get("scan_id"), job.task_kwargs.get("slot")
    if scan_id is None or slot is None:
        return begun < work.attempts
    sessions = work.platform.sessions
    tried = await patiently(lambda: handover.attempts(sessions, UUID(str(scan_id)), str(slot)))
    return tried < work.attempts and begun < queue.MOST_STARTS


async def _lost(work: Work, about: dict[str, Any]) -> None:
    """Write down for whom nobody will work any more."""
    sessions = work.platform.sessions
    if (scan_id := about.get("scan_id")) is not None:
        slot = None if about.get("slot") is None else str(about["slot"])
        detail = f"given up after {work.attempts} attempts: each time its worker died"
        await patiently(lambda: slots.fail(sessions, UUID(str(scan_id)), slot=slot, reason="attempts", detail=detail))
    if (looking := about.get("verification_id")) is not None:
        await patiently(lambda: verifications.fail(sessions, UUID(str(looking)), reason="attempts"))
    if (delivery := about.get("delivery_id")) is not None:
        await patiently(lambda: deliveries.lost(sessions, UUID(str(delivery)), retry_seconds=work.webhook_retry))


TASK = queue.Task(name="rescue", run=run, queue=queue.CONTROL, cron="* * * * * */5", retry=None)
