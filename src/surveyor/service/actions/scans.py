"""Start, follow, cancel and read scan runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID, uuid4

from surveyor.remedy.lifecycle import ENDED
from surveyor.scan.model import Kind
from surveyor.service import queue
from surveyor.service.actions import addresses, clock, hosts, kickoff, llm
from surveyor.service.actions import options as options_
from surveyor.service.actions.addresses import Choice, Image
from surveyor.service.actions.options import PLAIN, Options
from surveyor.service.actions.platform import Platform
from surveyor.service.actions.units import Wanted, take
from surveyor.service.errors import Conflict, InvalidParams, NotFound, ServiceError
from surveyor.service.store import artifacts, cursor, events, llm_quota, scans
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.events import NewEvent, StoredEvent
from surveyor.service.store.scans import TERMINAL, NewScan, Scan, Slot

TRIGGERS = ("manual", "scheduled", "post_deploy")
PAGE_LIMIT = 100
EVENT_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Born:
    """What is known of a run before it is queued: the one that it tries again, and an id that it has to have."""

    id: UUID | None = None
    retry_of: UUID | None = None


BORN = Born()


async def start_web(
    platform: Platform,
    *,
    team_id: UUID,
    project_id: UUID,
    url: str,
    trigger: str = "manual",
    born: Born = BORN,
    analysis: str = "full",
    options: Options = PLAIN,
) -> Scan:
    """Queue a scan of a page; InvalidParams names the rule when the URL is refused.

    ``analysis`` is one of ``units.ANALYSES``; QuotaExceeded when ``full`` and the month's units are spoken for.
    """
    _judge_trigger(trigger)
    await hosts.judged(platform, project_id, partial(addresses.judge, url))
    new = _page(team_id=team_id, project_id=project_id, url=url, trigger=trigger, born=born)
    new = replace(new, **options_.columns(options, options_.owner(new.id), platform.vault))
    return await _queued(platform, new, analysis)


async def start_image(
    platform: Platform,
    *,
    team_id: UUID,
    project_id: UUID,
    image: str,
    image_platform: str | None = None,
    trigger: str = "manual",
    born: Born = BORN,
    analysis: str = "full",
) -> Scan:
    """Queue a scan of an image in a registry, which is judged as a page's host is; InvalidParams says what is wrong.

    ``image_platform`` is ``os/architecture[/variant]``; ``analysis`` as for a page.
    """
    _judge_trigger(trigger)
    judged = await hosts.judged(platform, project_id, partial(addresses.judge_image, image, image_platform))
    new = _image(team_id=team_id, project_id=project_id, image=judged, trigger=trigger, born=born)
    return await _queued(platform, new, analysis)


async def _queued(platform: Platform, new: NewScan, analysis: str) -> Scan:
    """The run, in a transaction with others that come at the same time."""
    async with _unit(platform, new.team_id, new.id, analysis):
        if platform.kickoffs is not None:
            return await platform.kickoffs(new)
        async with platform.sessions() as session, session.begin():
            return (await kickoff.enqueue(session, [new]))[0]


async def queue_judged(
    session: Session,
    platform: Platform,
    *,
    team_id: UUID,
    project_id: UUID,
    target: str | Image,
    trigger: str,
    options: Options = PLAIN,
) -> Scan:
    """Queue a scan inside a larger transaction, of a URL or an image that was judged; with a model if a unit is left.

    ``options`` are a page's.
    """
    units = platform.llm.monthly_units
    if isinstance(target, str):
        new = _page(team_id=team_id, project_id=project_id, url=target, trigger=trigger)
        new = replace(new, **options_.columns(options, options_.owner(new.id), platform.vault))
    else:
        new = _image(team_id=team_id, project_id=project_id, image=target, trigger=trigger)
    wanted = Wanted(team_id=team_id, purpose="scan", subject_id=new.id, units=units, analysis="if_quota")
    await take(session, wanted)
    return (await kickoff.enqueue(session, [new]))[0]


@asynccontextmanager
async def _unit(platform: Platform, team_id: UUID, scan_id: UUID, analysis: str) -> AsyncIterator[None]:
    """Take a unit before a run is queued, and give it back when that is refused: without a row nobody else would."""
    await llm.reserve(platform, team_id=team_id, purpose="scan", subject_id=scan_id, analysis=analysis)
    try:
        yield
    except ServiceError:
        await llm.settle(platform.sessions, purpose="scan", subject_id=scan_id)
        raise


def _page(
    *,
    team_id: UUID,
    project_id: UUID,
    url: str,
    trigger: str,
    born: Born = BORN,
) -> NewScan:
    return NewScan(
        id=born.id or uuid4(),
        team_id=team_id,
        project_id=project_id,
        kind=Kind.WEB,
        trigger=trigger,
        url=url,
        name=url,
        retry_of=born.retry_of,
    )


def _image(
    *,
    team_id: UUID,
    project_id: UUID,
    image: Image,
    trigger: str,
    born: Born = BORN,
) -> NewScan:
    return NewScan(
        id=born.id or uuid4(),
        team_id=team_id,
        project_id=project_id,
        kind=Kind.ARTIFACT,
        trigger=trigger,
        image=image.name,
        platform=image.platform,
        # images of two platforms are two things
        name=str(image),
        retry_of=born.retry_of,
    )


async def start_artifact(
    platform: Platform,
    *,
    team_id: UUID,
    project_id: UUID,
    upload_id: UUID,
    choice: Choice = Choice(),  # noqa: B008 - frozen
    trigger: str = "manual",
    analysis: str = "full",
) -> Scan:
    """Queue a scan of an uploaded file, or of the images in it that are of a ``choice``; ``analysis`` as for a page."""
    _judge_trigger(trigger)
    scan_id = uuid4()
    unit = _unit(platform, team_id, scan_id, analysis)
    async with unit, platform.sessions() as session, session.begin():
        upload = await artifacts.find_upload(session, team_id, upload_id)
        if upload is None or upload.project_id != project_id:
            raise NotFound("no such upload")
        await _kept(session, team_id, upload.artifact_id)
        new = NewScan(
            id=scan_id,
            team_id=team_id,
            project_id=project_id,
            kind=Kind.ARTIFACT,
            trigger=trigger,
            artifact_id=upload.artifact_id,
            only_image=choice.image,
            platform=choice.platform,
            name=choice.of(upload.filename),
        )
        return (await kickoff.enqueue(session, [new]))[0]


async def retry(platform: Platform, *, team_id: UUID, project_id: UUID, scan_id: UUID) -> Scan:
    """Queue a new scan of what an ended one looked at; the old one and its events stay as they are.

    Conflict when it has not ended, or when its artifact is no longer kept and has to be uploaded again. Where no unit
    is left it goes ahead without a model: what failed before should not fail for that.
    """
    old = await find(platform.sessions, team_id=team_id, project_id=project_id, scan_id=scan_id)
    if old.status not in TERMINAL:
        raise Conflict(f"the scan is {old.status}; only an ended one can be tried again")
    if old.url is not None:
        return await start_web(
            platform,
            team_id=team_id,
            project_id=project_id,
            url=old.url,
            born=Born(retry_of=old.id),
            analysis="if_quota",
            options=options_.of_scan(old, platform.vault),
        )
    if old.image is not None:
        return await start_image(
            platform,
            team_id=team_id,
            project_id=project_id,
            image=old.image,
            image_platform=old.platform,
            born=Born(retry_of=old.id),
            analysis="if_quota",
        )
    new_id = uuid4()
    unit = _unit(platform, team_id, new_id, "if_quota")
    async with unit, platform.sessions() as session, session.begin():
        assert old.artifact_id is not None
        await _kept(session, team_id, old.artifact_id)
        new = NewScan(
            id=new_id,
            team_id=team_id,
            project_id=project_id,
            kind=old.kind,
            trigger="manual",
            artifact_id=old.artifact_id,
            only_image=old.only_image,
            platform=old.platform,
            name=old.name,
            retry_of=old.id,
        )
        return (await kickoff.enqueue(session, [new]))[0]


async def _kept(session: Session, team_id: UUID, artifact_id: UUID) -> None:
    """Hold a file, so that what forgets old ones does not take it away before the new run refers to it."""
    if await artifacts.hold(session, team_id, artifact_id) is None:
        raise Conflict("the file is no longer kept; upload it again")


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
        await llm_quota.settle(session, purpose="scan", subject_id=scan_id)
        now = clock.now()
        slots = {name: _cancelled(slot, now.isoformat()) for name, slot in scan.scanner_status.items()}
        await scans.change(
            session,
            scan_id,
            status="cancelled",
            scanner_status=slots,
            error="cancelled",
            finished_at=now,
            coverage=[*scan.coverage, *_left_out(scan)],
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
    if slot.state in ENDED:
        return slot
    return Slot(state="failed", reason="cancelled", attempt=slot.attempt, started_at=slot.started_at, finished_at=now)


def _left_out(scan: Scan) -> list[dict[str, object]]:
    """What a cancelled run did not look at any more."""
    return [
        {"what": f"slot.{name}", "state": "skipped", "reason": "cancelled", "slot": name}
        for name, slot in scan.scanner_status.items()
        if slot.state not in ENDED
    ]


def _judge_trigger(trigger: str) -> None:
    if trigger not in TRIGGERS:
        raise InvalidParams(f"trigger must be one of {', '.join(TRIGGERS)}", details={"trigger": ["unknown"]})
