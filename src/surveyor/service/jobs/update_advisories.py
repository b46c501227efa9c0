"""Brings the advisory database up to date in a child process, since feeds are hostile bytes too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import orjson
from procrastinate.job_context import JobContext

from surveyor.scan import entry
from surveyor.scan.errors import ScanError
from surveyor.service import queue
from surveyor.service.actions import advisories
from surveyor.service.actions.advisories import Changed
from surveyor.service.child import Child, Ended
from surveyor.service.jobs.interface import Work, aborted, folder_of, log, patiently, remove_folder, work_of
from surveyor.service.store.events import NewEvent

SECONDS = 3 * 3600.0
RESULT_BYTES = 8 << 20
#: The feeds' state, why the update failed, and what it changed.
_Told = tuple[list[dict[str, object]], str | None, Changed | None]


async def run(context: JobContext, *, update_id: str, fetch: bool = True) -> None:
    """Update, unless somebody else did (no ``fetch``), and write down what the database then holds."""
    work = work_of(context)
    sessions, update = work.platform.sessions, UUID(update_id)
    since = await patiently(lambda: advisories.begin(sessions, update))
    if since is None:
        return
    folder = folder_of(work.platform, update_id)
    try:
        sources, error, changed = await _update(work, folder, since, fetch=fetch)
        await patiently(lambda: advisories.finish(sessions, update, sources=sources, error=error, changed=changed))
    except asyncio.CancelledError:
        raise aborted(context) from None
    finally:
        await asyncio.to_thread(remove_folder, folder)


async def _update(work: Work, folder: Path, since: str, *, fetch: bool) -> _Told:
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    task = entry.UpdateTask(
        settings=work.platform.scan,
        events=folder / "events.ndjson",
        report=folder / "result.json",
        since=since,
        fetch=fetch,
    )
    child = Child(target=entry.update_advisories, task=task, deliver=_log, seconds=SECONDS, heartbeat=work.heartbeat)
    return await asyncio.to_thread(_read, await child.run(), task.report)


async def _log(said: Sequence[NewEvent], offset: int) -> bool:
    _ = offset
    for event in said:
        if event.level in {"warn", "error"}:
            log.warning(event.stage, detail=event.detail)
    return True


def _read(ended: Ended, result: Path) -> _Told:
    """What the child left."""
    if ended.reason is not None:
        return [], ended.detail, None
    try:
        with result.open("rb") as file:
            said = orjson.loads(file.read(RESULT_BYTES))
        changes = said.get("changes")
        return list(said["sources"]), said.get("detail"), advisories.changed(changes) if changes else None
    except (OSError, ValueError, TypeError, KeyError, ScanError):
        return [], "the update left no result", None


TASK = queue.Task(name=advisories.UPDATE_TASK, run=run)
