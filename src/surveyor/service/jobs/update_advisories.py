"""Brings the advisory database up to date in a child process, since feeds are hostile bytes too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import orjson
from procrastinate.job_context import JobContext

from surveyor.scan import entry
from surveyor.service import queue
from surveyor.service.actions import advisories
from surveyor.service.child import Child, Ended
from surveyor.service.jobs.interface import Work, aborted, folder_of, log, patiently, remove_folder, work_of
from surveyor.service.store.events import NewEvent

SECONDS = 3 * 3600.0
RESULT_BYTES = 4 << 20


async def run(context: JobContext, *, update_id: str) -> None:
    """Update, and write down what the database then holds."""
    work = work_of(context)
    sessions, update = work.platform.sessions, UUID(update_id)
    if not await patiently(lambda: advisories.begin(sessions, update)):
        return
    folder = folder_of(work.platform, update_id)
    try:
        sources, error = await _update(work, folder)
        await patiently(lambda: advisories.finish(sessions, update, sources=sources, error=error))
    except asyncio.CancelledError:
        raise aborted(context) from None
    finally:
        await asyncio.to_thread(remove_folder, folder)


async def _update(work: Work, folder: Path) -> tuple[list[dict[str, object]], str | None]:
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    task = entry.UpdateTask(settings=work.platform.scan, events=folder / "events.ndjson", report=folder / "result.json")
    child = Child(target=entry.update_advisories, task=task, deliver=_log, seconds=SECONDS, heartbeat=work.heartbeat)
    return await asyncio.to_thread(_read, await child.run(), task.report)


async def _log(said: Sequence[NewEvent], offset: int) -> bool:
    _ = offset
    for event in said:
        if event.level in {"warn", "error"}:
            log.warning(event.stage, detail=event.detail)
    return True


def _read(ended: Ended, result: Path) -> tuple[list[dict[str, object]], str | None]:
    """What the child left: the feeds' state, and why it failed."""
    if ended.reason is not None:
        return [], ended.detail
    try:
        with result.open("rb") as file:
            said = orjson.loads(file.read(RESULT_BYTES))
        return list(said["sources"]), said.get("detail")
    except (OSError, ValueError, TypeError, KeyError):
        return [], "the update left no result"


TASK = queue.Task(name=advisories.UPDATE_TASK, run=run)
