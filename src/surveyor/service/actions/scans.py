"""Start, follow, cancel and read scan runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from surveyor.scan import net
from surveyor.scan.errors import Refused
from surveyor.scan.settings import Settings
from surveyor.service import queue
from surveyor.service.actions import clock
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import artifacts, cursor, events, scans
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.events import NewEvent, StoredEvent
from surveyor.service.store.scans import TERMINAL, Scan, Slot

RUN_TASK = "scan_run"
TRIGGERS = ("manual", "scheduled", "post_deploy")
URL_LENGTH = 2048
PAGE_LIMIT = 100
EVENT_LIMIT = 1000
LOOKUP_SECONDS = 0.05

# a look-up may hang in the system's resolver, so kick-offs have threads of their own and never wait for other work's
_lookups = ThreadPoolExecutor(64, thread_name_prefix="lookup")


async def start_web(platform: Platform, *, team_id: UUID, project_id: UUID, url: str, trigger: str = "manual") -> Scan:
    """Queue a scan of a page; InvalidParams names the rule when the URL is refused."""
    _judge_trigger(trigger)
    await judge_url(url, platform.scan)
    async with platform.sessions() as session, session.begin():
        return await queue_web(session, team_id=team_id, project_id=project_id, url=url, trigger=trigger)


async def queue_web(session: Session, *, team_id: UUID, project_id: UUID, url: str, trigger: str) -> Scan:
    """The same inside a larger transaction, of a URL that was judged."""
    return await _queue(session, team_id=team_id, project_id=project_id, kind="web", trigger=trigger, url=url, name=url)


async def start_artifact(
    platform: Platform, *, team_id: UUID, project_id: UUID, upload_id: UUID, trigger: str = "manual"
) -> Scan:
    """Queue a scan of an uploaded file."""
    _judge_trigger(trigger)
    async with platform.sessions() as session, session.begin():
        upload = await artifacts.find_upload(session, team_id, upload_id)
        if upload is None or upload.project_id != project_id:
            raise NotFound("no such upload")
        return await _queue(
            session,
            team_id=team_id,
            project_id=project_id,
            kind="artifact",
            trigger=trigger,
            artifact_id=upload.artifact_id,
            name=upload.filename,
        )


async def retry(platform: Platform, *, team_id: UUID, project_id: UUID, scan_id: UUID) -> Scan:
    """Queue a new scan of what an ended one looked at; the old one and its events stay as they are."""
    old = await find(platform.sessions, team_id=team_id, project_id=project_id, scan_id=scan_id)
    if old.status not in TERMINAL:
        raise Conflict(f"the scan is {old.status}; only an ended one can be tried again")
    if old.url is not None:
        return await start_web(platform, team_id=team_id, project_id=project_id, url=old.url)
    async with platform.sessions() as session, session.begin():
        return await _queue(
            session,
            team_id=team_id,
            project_id=project_id,
            kind=old.kind,
            trigger="manual",
            artifact_id=old.artifact_id,
            name=old.name,
        )


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, scan_id: UUID) -> Scan:
    """One run as it stands."""
    async with sessions() as session:
        scan = await scans.find(session, scan_id, team_id=team_id, project_id=project_id)
    if scan is None:
        raise NotFound("no such scan")
    return scan


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    kind: str | None = None,
    status: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[Scan]:
    """A project's runs, newest first; ``limit`` at most 100."""
    rows = scans.of_project(team_id, project_id, kind=kind, status=status)
    async with sessions() as session:
        return await scans.page(session, rows, limit=max(1, min(limit, PAGE_LIMIT)), after=after)


async def events_after(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, scan_id: UUID, after: int = 0, limit: int = 500
) -> list[StoredEvent]:
    """The events of a run that follow a number; ``limit`` at most 1,000."""
    async with sessions() as session:
        if await scans.find(session, scan_id, team_id=team_id, project_id=project_id) is None:
            raise NotFound("no such scan")
        return await events.after(session, scan_id, max(0, after), limit=max(1, min(limit, EVENT_LIMIT)))


async def cancel(platform: Platform, *, team_id: UUID, project_id: UUID, scan_id: UUID) -> Scan:
    """Stop a run that has not ended; its children are killed as soon as the worker hears of it."""
    async with platform.sessions() as session, session.begin():
        scan = await scans.lock(session, scan_id)
        if scan is None or scan.team_id != team_id or scan.project_id != project_id:
            raise NotFound("no such scan")
        if scan.status in TERMINAL:
            raise Conflict(f"the scan is {scan.status} already")
        await queue.cancel(session, scan.job_ids)
        now = clock.now()
        slots = {name: _cancelled(slot, now.isoformat()) for name, slot in scan.scanner_status.items()}
        await scans.change(
            session, scan_id, status="cancelled", scanner_status=slots, error="cancelled", finished_at=now
        )
        await events.append(
            session,
            scan_id,
            [NewEvent(ts=now, stage="scan.cancelled", detail="cancelled by request", level="warn", pct=100)],
        )
        found = await scans.find(session, scan_id)
    assert found is not None
    return found


def _cancelled(slot: Slot, now: str) -> Slot:
    if slot.state in {"done", "failed"}:
        return slot
    return Slot(state="failed", reason="cancelled", attempt=slot.attempt, started_at=slot.started_at, finished_at=now)


async def _queue(session: Session, *, team_id: UUID, project_id: UUID, **values: object) -> Scan:
    # two statements: the job first, so that the row is born with its id
    scan_id = uuid4()
    job = await queue.enqueue(session, RUN_TASK, {"scan_id": str(scan_id)}, queue=queue.CONTROL)
    return await scans.add(
        session,
        scan_id=scan_id,
        team_id=team_id,
        project_id=project_id,
        job_ids=[job],
        **values,  # type: ignore[arg-type]
    )


def _judge_trigger(trigger: str) -> None:
    if trigger not in TRIGGERS:
        raise InvalidParams(f"trigger must be one of {', '.join(TRIGGERS)}", details={"trigger": ["unknown"]})


async def judge_url(url: str, settings: Settings) -> None:
    """Refuse a URL that must not be asked: InvalidParams names the rule. One look-up of its name, 50 ms at most."""
    if len(url) > URL_LENGTH:
        raise InvalidParams(f"a URL of at most {URL_LENGTH} characters", details={"url": ["too_long"]})
    try:
        net.judge_url(url, settings)
        await asyncio.get_running_loop().run_in_executor(_lookups, net.resolve_and_judge, url, settings, LOOKUP_SECONDS)
    except Refused as error:
        raise InvalidParams(str(error), details={"url": [error.rule]}) from error
