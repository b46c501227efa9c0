"""Ends runs that nobody has worked on for long, whatever became of their workers."""

from __future__ import annotations

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import sweep
from surveyor.service.jobs.interface import patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Every minute, and once when a worker starts."""
    _ = timestamp
    work = work_of(context)
    await patiently(lambda: sweep.stale(work.platform.sessions, seconds=work.stale))


TASK = queue.Task(name="sweep_stale", run=run, queue=queue.CONTROL, cron="* * * * * 7", retry=None)
