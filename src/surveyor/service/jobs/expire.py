"""Forgets what can no longer be used: sessions, links, rate windows, ended jobs, files of ended scans."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import deliveries, sweep
from surveyor.service.jobs.interface import app_of, patiently, remove_folder, work_of

JOB_HOURS = 72
FILE_SECONDS = 2 * 86_400


async def run(context: JobContext, *, timestamp: int) -> None:
    """Every hour."""
    platform = work_of(context).platform
    await patiently(lambda: sweep.forget(platform.sessions))
    await patiently(lambda: deliveries.forget(platform.sessions))
    await queue.forget_old(app_of(context), hours=JOB_HOURS)
    await asyncio.to_thread(_files, platform.temporary / "scans", timestamp or time.time())


def _files(folder: Path, now: float) -> None:
    for scan in folder.glob("*"):
        if now - scan.stat().st_mtime > FILE_SECONDS:
            remove_folder(scan)


TASK = queue.Task(name="expire", run=run, queue=queue.CONTROL, cron="17 * * * * 30", retry=None)
