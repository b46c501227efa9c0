"""When pages and images are scanned by themselves: the list with its form, and one schedule to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from surveyor.service.actions import schedules, switched, timetable
from surveyor.service.actions.options import Options
from surveyor.service.auth import Identity
from surveyor.service.errors import InvalidParams, NotFound, ServiceError
from surveyor.service.store.schedules import Schedule
from surveyor.service.ui import page_options, rows, words
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import freshness, platform_of, submitted, visitor

_ROWS = 50
_CURSOR_LENGTH = 300
#: Offered beside the field; the first is what the field holds.
EXAMPLES = (
    ("0 6 * * *", "every day at 06:00"),
    ("0 7 * * mon-fri", "on working days at 07:00"),
    ("0 5 * * mon", "every Monday at 05:00"),
    ("0 */4 * * *", "every four hours"),
    ("0 4 1 * *", "on the first of the month at 04:00"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody typed, and why it was not taken: ``field`` is where."""

    url: str = ""
    platform: str = ""
    cron: str = EXAMPLES[0][0]
    time_zone: str = "UTC"
    wrong: str = ""
    field: str = ""
    image: bool = False
    options: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A schedule with its next time as its own clock shows it; ``meant``: one that is off is so by somebody's wish.

    ``asked`` is how its page is scanned, in words.
    """

    schedule: Schedule
    asked: str
    meant: bool
    next_local: datetime | None


async def show(request: Request) -> Response:
    """``GET /schedules``."""
    return await _list(request, await visitor(request), Given())


async def create(request: Request) -> Response:
    """``POST /schedules``: what is refused comes back in the form with the reason beside it."""
    who, fields = await submitted(request)
    typed, platform = fields.get("url", "").strip(), fields.get("platform", "").strip()
    cron, time_zone = fields.get("cron", "").strip(), fields.get("time_zone", "").strip()
    image = fields.get("kind") == "image"
    try:
        if image:
            subject = schedules.Subject(image=typed, platform=platform or None)
        else:
            subject = schedules.Subject(url=words.address(typed), options=_options(fields))
        await schedules.create(platform_of(request), **words.own(who), subject=subject, cron=cron, time_zone=time_zone)
    except ServiceError as error:
        given = _refused(typed, cron, time_zone, error)
        given = replace(given, image=image, platform=platform, options=page_options.given(fields))
        return await _list(request, who, given, status=error.status)
    return RedirectResponse("/schedules", 303)


async def one(request: Request) -> Response:
    """``GET /schedules/{schedule_id}``."""
    who = await visitor(request)
    held = await _find(request, who)
    return await _one(request, who, held, Given(url=held.name, cron=held.cron, time_zone=held.time_zone))


async def change(request: Request) -> Response:
    """``POST /schedules/{schedule_id}``: other times."""
    who, fields = await submitted(request)
    held = await _find(request, who)
    cron, time_zone = fields.get("cron", "").strip(), fields.get("time_zone", "").strip()
    try:
        await _change(request, who, schedules.Wish(cron=cron, time_zone=time_zone))
    except InvalidParams as error:
        return await _one(request, who, held, _refused(held.name, cron, time_zone, error), status=error.status)
    return RedirectResponse("/schedules", 303)


async def options(request: Request) -> Response:
    """``POST /schedules/{schedule_id}/options``: how its page is scanned; headers stay unless others are given."""
    who, fields = await submitted(request)
    held = await _find(request, who)
    try:
        wish = schedules.Wish(options=_options(fields), keeps_headers=fields.get("forget_headers") != "on")
        await _change(request, who, wish)
    except InvalidParams as error:
        given = _refused(held.name, held.cron, held.time_zone, error)
        given = replace(given, field="options", options=page_options.given(fields))
        return await _one(request, who, held, given, status=error.status)
    return RedirectResponse(f"/schedules/{held.id}", 303)


def _options(fields: Mapping[str, str]) -> Options:
    """What a form says of how a page is scanned; where that is wrong, it is not the address that is."""
    try:
        return page_options.read(fields)
    except InvalidParams as error:
        raise InvalidParams(error.message, details={"options": ["value"]}) from error


async def switch(request: Request) -> Response:
    """``POST /schedules/{schedule_id}/switch``: ``active`` is ``on`` or empty."""
    who, fields = await submitted(request)
    held = await _find(request, who)
    try:
        await _change(request, who, schedules.Wish(active=fields.get("active") == "on"))
    except InvalidParams as error:
        given = _refused(held.name, held.cron, held.time_zone, error)
        return await _one(request, who, held, given, status=error.status)
    return RedirectResponse(f"/schedules/{held.id}", 303)


async def remove(request: Request) -> Response:
    """``POST /schedules/{schedule_id}/delete``."""
    who, _ = await submitted(request)
    await schedules.remove(
        platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, schedule_id=_id(request)
    )
    return RedirectResponse("/schedules", 303)


def _refused(url: str, cron: str, time_zone: str, error: ServiceError) -> Given:
    where = next((name for name in ("cron", "time_zone", "options") if name in (error.details or {})), "url")
    return Given(url=url, cron=cron, time_zone=time_zone, wrong=words.said(error.message), field=where)


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["schedule_id"])
    except ValueError as error:
        raise NotFound("There is no such schedule") from error


async def _find(request: Request, who: Identity) -> Schedule:
    return await schedules.find(
        platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, schedule_id=_id(request)
    )


async def _change(request: Request, who: Identity, wish: schedules.Wish) -> None:
    await schedules.change(
        platform_of(request),
        team_id=who.team_id,
        project_id=who.project_id,
        schedule_id=_id(request),
        wish=wish,
        who=who.who,
    )


def _row(schedule: Schedule) -> Row:
    at = schedule.next_run_at
    return Row(
        schedule=schedule,
        asked=", ".join(rows.asked(schedule.options)),
        meant=switched.meant(schedule.disabled_reason),
        next_local=at.astimezone(ZoneInfo(schedule.time_zone)) if at else None,
    )


async def _list(request: Request, who: Identity, given: Given, *, status: int = 200) -> Response:
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH] if request.method == "GET" else ""
    found = await schedules.page(
        platform_of(request).sessions,
        team_id=who.team_id,
        project_id=who.project_id,
        limit=_ROWS,
        after=cursor or None,
    )
    return page(
        "schedules.html",
        status=status,
        here="schedules",
        who=who,
        advisories=await freshness(request),
        given=given,
        **_typed(given.options or {}),
        examples=EXAMPLES,
        zones=sorted(timetable.zones()),
        schedules={
            "rows": [_row(held) for held in found.items],
            "total": found.total,
            "next": found.next_cursor,
            "later": bool(cursor),
        },
    )


async def _one(request: Request, who: Identity, held: Schedule, given: Given, *, status: int = 200) -> Response:
    return page(
        "schedule.html",
        status=status,
        here="schedules",
        who=who,
        advisories=await freshness(request),
        row=_row(held),
        given=given,
        **_typed(given.options or page_options.kept(held.options)),
        held_headers=", ".join(held.options.get("headers", ())),
        examples=EXAMPLES,
        zones=sorted(timetable.zones()),
    )


def _typed(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "") for name in page_options.FIELDS}
