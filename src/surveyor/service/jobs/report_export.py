"""Makes one report's file and stores it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import exports
from surveyor.service.jobs.interface import aborted, patiently, work_of


async def run(context: JobContext, *, report_id: str) -> None:
    """Run again after a lost answer or a dead worker, it writes the same object and ends the report once."""
    platform = work_of(context).platform
    try:
        await patiently(lambda: exports.write(platform, UUID(report_id)))
    except asyncio.CancelledError:
        raise aborted(context) from None


TASK = queue.Task(name=exports.EXPORT_TASK, run=run)
