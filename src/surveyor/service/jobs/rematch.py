"""Matches stored inventories again that an update of the advisories concerns, many in one child process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

from procrastinate.job_context import JobContext

from surveyor.scan import entry
from surveyor.scan.errors import ScanError
from surveyor.scan.model import Report
from surveyor.service import queue
from surveyor.service.actions import advisories, intake, rematches
from surveyor.service.actions.rematches import Due
from surveyor.service.child import Child, Ended
from surveyor.service.jobs.interface import Work, aborted, folder_of, log, patiently, remove_folder, work_of
from surveyor.service.store.events import NewEvent

#: How long one child may take for its share.
SECONDS = 600.0
RESULT_BYTES = 4 * intake.REPORT_BYTES
#: Why a child matched nothing at all, which no inventory is to blame for.
_NO_DATABASE = "database"


async def run(context: JobContext, *, update_id: str, scan_id: str | None = None) -> None:
    """Match what the update concerns, or one scan that ran meanwhile; run again, it goes on where it was."""
    work, update = work_of(context), UUID(update_id)
    sessions = work.platform.sessions
    folder = folder_of(work.platform, f"rematch-{update_id}-{uuid4()}")
    state = await patiently(lambda: rematches.state_of(sessions, update))
    if state is None:
        return
    try:
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        if scan_id is not None:
            await _batch(work, folder, [UUID(scan_id)], state)
            return
        await patiently(lambda: rematches.number(sessions))
        after: UUID | None = None
        while found := await patiently(lambda after=after: rematches.due(sessions, update, after=after)):  # type: ignore[misc]
            after = found[-1]
            while found:
                found = found[await _batch(work, folder, found, state) :]
    except asyncio.CancelledError:
        raise aborted(context) from None
    finally:
        await asyncio.to_thread(remove_folder, folder)


async def _batch(work: Work, folder: Path, scans: Sequence[UUID], state: str) -> int:
    """Match the first of these scans, as many as one child takes; how many those are."""
    sessions = work.platform.sessions
    due = await patiently(lambda: rematches.load(sessions, scans))
    reports = await _match(work, folder, due)
    if isinstance(reports, Ended) and len(due.scans) > 1 and reports.reason != _NO_DATABASE:
        # one of them may be to blame: each alone, so that the others are not
        for scan in due.scans:
            await _batch(work, folder, [scan], state)
        return len(due.scans)
    if isinstance(reports, Ended):
        for scan in due.held:
            log.warning("rematch.failed", scan=str(scan), reason=reports.reason, detail=reports.detail)
            await patiently(lambda scan=scan: rematches.fail(sessions, scan, reports.detail))  # type: ignore[misc]
        return len(due.scans)
    for scan, report in reports:
        await patiently(lambda scan=scan, report=report: _write(work, scan, report, state))  # type: ignore[misc]
    return len(due.scans)


async def _write(work: Work, scan: UUID, report: Report, state: str) -> None:
    try:
        await rematches.apply(work.platform, scan, report, state=state)
    except ScanError as error:
        await rematches.fail(work.platform.sessions, scan, f"what the match left is not usable: {error}")


async def _match(work: Work, folder: Path, due: Due) -> list[tuple[UUID, Report]] | Ended:
    """A report on each inventory, or how the child ended without."""
    if not due.inventories:
        return []
    name = folder / str(uuid4())
    task = entry.RematchAllTask(
        inventories=due.inventories,
        settings=work.platform.scan,
        events=name.with_suffix(".ndjson"),
        report=name.with_suffix(".json"),
    )
    failed: list[str] = []

    async def deliver(said: Sequence[NewEvent], offset: int) -> bool:
        failed.extend(event.detail for event in said if event.level == "error")
        return await _log(said, offset)

    child = Child(target=entry.rematch_all, task=task, deliver=deliver, seconds=SECONDS, heartbeat=work.heartbeat)
    ended = await child.run()
    if ended.reason is not None:
        return ended
    try:
        reports = await asyncio.to_thread(_read, task.report)
    except (OSError, ScanError) as error:
        return Ended(reason="crashed", detail=f"what the match left is not usable: {error}")
    if failed and not reports:
        return Ended(reason=_NO_DATABASE, detail=failed[-1])
    if len(reports) != len(due.inventories):
        return Ended(reason="crashed", detail="the match left no report on every inventory")
    return list(zip(due.held, reports, strict=True))


def _read(path: Path) -> list[Report]:
    with path.open("rb") as file:
        content = file.read(RESULT_BYTES)
    return [intake.read(part) for part in content.split(entry.BETWEEN) if part]


async def _log(said: Sequence[NewEvent], offset: int) -> bool:
    _ = offset
    for event in said:
        if event.level in {"warn", "error"}:
            log.warning(event.stage, detail=event.detail)
    return True


TASK = queue.Task(name=advisories.REMATCH_TASK, run=run, retry=queue.FewTimes())
