"""Asks for fresh advisories once a day."""

from __future__ import annotations

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import advisories
from surveyor.service.jobs.interface import patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Queue an update unless one waits or runs, or this installation does not want them by itself."""
    _ = timestamp
    work = work_of(context)
    if not work.feed_refresh or work.platform.scan.offline:
        return
    await patiently(lambda: advisories.refresh(work.platform.sessions))


TASK = queue.Task(name="refresh_feeds", run=run, queue=queue.CONTROL, cron="23 3 * * * 0", retry=None)
