"""Ends runs and reports that nobody works on any more, whatever became of their workers."""

from __future__ import annotations

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import exports, sweep, verifications
from surveyor.service.jobs.interface import patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Every minute, and once when a worker starts."""
    _ = timestamp
    work = work_of(context)
    await patiently(lambda: sweep.stale(work.platform.sessions, seconds=work.stale))
    await patiently(lambda: verifications.stale(work.platform.sessions, seconds=work.stale))
    await patiently(lambda: exports.end_lost(work.platform.sessions))


TASK = queue.Task(name="sweep_stale", run=run, queue=queue.CONTROL, cron="* * * * * 7", retry=None)
