"""Notices that the advisory database was brought up to date or imported by somebody else, such as by command line."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from procrastinate.job_context import JobContext

from surveyor.scan.errors import ScanError
from surveyor.service import queue
from surveyor.service.actions import advisories
from surveyor.service.jobs.interface import patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Have stored inventories matched again where no update told of the state that the database has."""
    _ = timestamp
    platform = work_of(context).platform
    if platform.scan.advisories is None:
        return
    found = await asyncio.to_thread(_look, platform.scan.advisories)
    if found is not None:
        state, written = found
        await patiently(lambda: advisories.notice(platform.sessions, state=state, written=written))


def _look(database: Path) -> tuple[str, datetime] | None:
    """The database's state and when it was written; ``None`` without a usable one, which every scan tells of."""
    from surveyor.scan.advise.snapshot import open_snapshot  # reads packed records, which the service does not

    try:
        written = datetime.fromtimestamp(database.stat().st_mtime, UTC)
        with open_snapshot(database) as snapshot:
            return (snapshot.state, written) if snapshot.state else None
    except (OSError, ScanError):
        return None


TASK = queue.Task(name="notice_advisories", run=run, queue=queue.CONTROL, cron="*/5 * * * * 20", retry=None)
