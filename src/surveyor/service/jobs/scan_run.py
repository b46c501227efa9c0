"""Sets a queued run running and hands its slots to the workers."""

from __future__ import annotations

from uuid import UUID

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import slots
from surveyor.service.actions.kickoff import RUN_TASK
from surveyor.service.jobs.interface import patiently, work_of


async def run(context: JobContext, *, scan_id: str) -> None:
    """One transaction: the flip, the seeded slots and their jobs. Run again after a lost answer, it does nothing."""
    sessions = work_of(context).platform.sessions
    await patiently(lambda: slots.begin(sessions, UUID(scan_id)))


TASK = queue.Task(name=RUN_TASK, run=run, queue=queue.CONTROL)
