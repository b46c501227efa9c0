"""Starts the scans that are due by their schedules."""

from __future__ import annotations

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import schedules
from surveyor.service.jobs.interface import patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Every minute, when it begins; what two workers would both start is started by one."""
    _ = timestamp
    platform = work_of(context).platform
    await patiently(lambda: schedules.run_due(platform))


TASK = queue.Task(name="run_schedules", run=run, queue=queue.CONTROL, cron="* * * * * 1", retry=None)
