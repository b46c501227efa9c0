"""Jobs run in the test's own process, one after the other, so that a test decides what happens in between."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from procrastinate.job_context import JobContext
from sqlalchemy import text

from surveyor.service import jobs
from surveyor.service.actions import slots
from surveyor.service.jobs.interface import Work
from tests.servers.pipeline import Ground


def context_of(near: Ground) -> JobContext:
    """What a job is given by its worker."""
    work = Work(
        platform=near.platform,
        heartbeat=1.0,
        stalled=30.0,
        page_seconds=30.0,
        stale=1800.0,
        feed_refresh=False,
    )
    return cast("JobContext", SimpleNamespace(additional_context={"work": work}))


async def run_waiting(near: Ground, task: str) -> int:
    """Run every job of a task that waits; how many."""
    declared = next(one for one in jobs.TASKS if one.name == task)
    async with near.platform.sessions() as session, session.begin():
        taken = await session.execute(
            text("delete from procrastinate_jobs where task_name = :task and status = 'todo' returning id, args"),
            {"task": task},
        )
        waiting: list[dict[str, Any]] = [row.args for row in sorted(taken, key=lambda row: row.id)]
    for args in waiting:
        await declared.run(context_of(near), **args)
    return len(waiting)


async def scanned(near: Ground, content: bytes, name: str) -> UUID:
    """Scan a file from upload to end."""
    scan = await near.start(content, name)
    await run_waiting(near, "scan_run")
    await run_waiting(near, slots.SLOT_TASK)
    assert (await near.scan(scan.id)).status == "done"
    return scan.id
