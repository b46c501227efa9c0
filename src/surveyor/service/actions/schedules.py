"""One schedule a page or image: kept by people, fired by whichever worker looks first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from surveyor.scan.address import normal
from surveyor.service.actions import addresses, clock, hosts, scans, switched, timetable
from surveyor.service.actions import options as options_
from surveyor.service.actions.addresses import Image
from surveyor.service.actions.options import PLAIN, Options
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, InvalidParams, NotFound, SecretUnreadable
from surveyor.service.store import cursor, schedules
from surveyor.service.store import scans as runs
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.schedules import Schedule

PAGE_LIMIT = 100
TRIGGER = "scheduled"
#: How many schedules one look fires at most; the rest is the next minute's.
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to change of a schedule; ``None`` leaves as it is.

    With ``keeps_headers`` other ``options`` leave the headers that it has, where they have none of their own.
    """

    cron: str | None = None
    time_zone: str | None = None
    active: bool | None = None
    options: Options | None = None
    keeps_headers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be scanned: a page by ``url`` and how, or an ``image`` in a registry and one of its platforms."""

    url: str | None = None
    image: str | None = None
    platform: str | None = None
    options: Options = PLAIN


async def create(
    platform: Platform, *, team_id: UUID, project_id: UUID, subject: Subject, cron: str, time_zone: str = "UTC"
) -> Schedule:
    """Scan something by itself from now on; Conflict when it has a schedule, InvalidParams names what is refused."""
    cron = " ".join(cron.split())
    timetable.judge(cron, time_zone)
    judged, schedule_id = await _judged(subject, platform, project_id), uuid4()
    asked = options_.columns(subject.options, options_.owner_of_schedule(schedule_id), platform.vault)
    async with platform.sessions() as session, session.begin():
        made = await schedules.add(
            session,
            id=schedule_id,
            team_id=team_id,
            project_id=project_id,
            **_columns(judged),
            **asked,
            cron=cron,
            time_zone=time_zone,
            next_run_at=timetable.next_after(cron, time_zone, clock.now()),
        )
    if made is None:
        raise Conflict("it has a schedule already; change or delete that one")
    return made


async def _judged(of: Subject | Schedule, platform: Platform, project_id: UUID) -> str | Image:
    """The URL, or the image in its one spelling, if it may be asked."""
    if of.url is not None and of.image is None and of.platform is None:
        await hosts.judged(platform, project_id, partial(addresses.judge, of.url))
        return of.url
    if of.image is None or of.url is not None or (isinstance(of, Subject) and of.options != PLAIN):
        told = "one of url and image is scanned; a platform is an image's, options are a page's"
        raise InvalidParams(told, details={"url": ["one_of"]})
    return await hosts.judged(platform, project_id, partial(addresses.judge_image, of.image, of.platform))


def _columns(judged: str | Image) -> dict[str, str | None]:
    if isinstance(judged, str):
        return {"url": judged, "target": normal(judged)}
    return {"image": judged.name, "platform": judged.platform, "target": f"image:{judged}"}


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, schedule_id: UUID) -> Schedule:
    """One schedule as it stands."""
    async with sessions() as session:
        return _found(await schedules.find(session, team_id, project_id, schedule_id))


async def page(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, limit: int = 50, after: str | None = None
) -> cursor.Page[Schedule]:
    """A project's schedules, the newest first; ``limit`` at most 100."""
    async with sessions() as session:
        return await schedules.page(session, team_id, project_id, limit=max(1, min(limit, PAGE_LIMIT)), after=after)


async def change(
    platform: Platform, *, team_id: UUID, project_id: UUID, schedule_id: UUID, wish: Wish, who: str
) -> Schedule:
    """Change a schedule. Switched on again, or at other times, it goes on from now: nothing is caught up.

    ``who`` is kept with one that is switched off.
    """
    async with platform.sessions() as session, session.begin():
        held = _found(await schedules.find(session, team_id, project_id, schedule_id, hold=True))
        cron = held.cron if wish.cron is None else " ".join(wish.cron.split())
        time_zone = held.time_zone if wish.time_zone is None else wish.time_zone
        timetable.judge(cron, time_zone)
        active = held.active if wish.active is None else wish.active
        if active and not held.active:
            await _judged(held, platform, project_id)
        values: dict[str, Any] = {"cron": cron, "time_zone": time_zone}
        if wish.options is not None:
            values |= _asked(platform, held, wish.options, keeps_headers=wish.keeps_headers)
        if not active and held.active:
            values |= _off(switched.by(who), clock.now())
        elif active and (not held.active or (cron, time_zone) != (held.cron, held.time_zone)):
            at = timetable.next_after(cron, time_zone, clock.now())
            values |= {"active": True, "disabled_at": None, "disabled_reason": None, "next_run_at": at}
        return await schedules.change(session, schedule_id, **values)


def _asked(platform: Platform, held: Schedule, options: Options, *, keeps_headers: bool) -> dict[str, Any]:
    """Other options of a page, with the headers that it has where those are to stay."""
    if held.url is None:
        raise InvalidParams("options are a page's", details={"options": ["value"]})
    if keeps_headers and not options.headers:
        options = replace(options, headers=options_.of_schedule(held, platform.vault).headers)
    return options_.columns(options, options_.owner_of_schedule(held.id), platform.vault)


async def remove(sessions: Sessions, *, team_id: UUID, project_id: UUID, schedule_id: UUID) -> Schedule:
    """Delete a schedule; what it has started stays."""
    async with sessions() as session, session.begin():
        held = _found(await schedules.find(session, team_id, project_id, schedule_id, hold=True))
        await schedules.remove(session, schedule_id)
    return held


async def run_due(platform: Platform, now: datetime | None = None) -> int:
    """Fire what is due; the number of scans that were queued.

    The scan, its job and the next time are one transaction on the schedule's row, which other workers pass over: so
    each due time fires once. Times that nobody was there for are one scan, not many.
    """
    now, fired = now or clock.now(), 0
    for _ in range(AT_ONCE):
        async with platform.sessions() as session, session.begin():
            due = await schedules.take_due(session, now)
            if due is None:
                break
            values = await _fire(session, platform, due, now)
            await schedules.change(session, due.id, **values)
            fired += "last_scan_id" in values
    return fired


async def _fire(session: Session, platform: Platform, due: Schedule, now: datetime) -> Mapping[str, Any]:
    """What becomes of a due schedule: a scan, nothing while the last one goes on, its end when it is refused."""
    coming = {"next_run_at": timetable.next_after(due.cron, due.time_zone, now)}
    if due.last_scan_id is not None:
        last = await runs.find(session, due.last_scan_id)
        if last is not None and last.status not in runs.TERMINAL:
            return {**coming, "skipped_at": now}
    try:
        judged = await _judged(due, platform, due.project_id)
        options = options_.of_schedule(due, platform.vault)
    except InvalidParams as error:
        return _off(f"refused: {error.message}", now)
    except SecretUnreadable as error:
        return _off(f"its headers cannot be opened: {error.message}", now)
    run = await scans.queue_judged(
        session,
        platform,
        team_id=due.team_id,
        project_id=due.project_id,
        target=judged,
        trigger=TRIGGER,
        options=options,
    )
    return {**coming, "last_run_at": now, "last_scan_id": run.id}


def _off(reason: str, now: datetime) -> dict[str, Any]:
    return {"active": False, "next_run_at": None, "disabled_at": now, "disabled_reason": reason[:500]}


def _found(schedule: Schedule | None) -> Schedule:
    if schedule is None:
        raise NotFound("no such schedule")
    return schedule
