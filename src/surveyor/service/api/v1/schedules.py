"""Schedules: when pages and images are scanned by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import options, schedules, timetable
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Caller, Reader, Writer, platform_of
from surveyor.service.store.schedules import Schedule as Held

router = APIRouter(tags=["schedules"])

Cron = Annotated[
    str,
    Field(
        min_length=9,
        max_length=timetable.CRON_LENGTH,
        examples=["0 7 * * mon-fri"],
        description="Five fields: minute, hour, day of month, month, day of week",
    ),
]
Zone = Annotated[
    str, Field(min_length=1, max_length=timetable.ZONE_LENGTH, examples=["Europe/Berlin"], description="An IANA name")
]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": schemas.FailureEnvelope, "description": "`conflict`: It has a schedule already."}
}


class NewSchedule(BaseModel):
    """A page or an image, one of `url` and `image`, and when to scan it; `options` are a page's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: schemas.PageUrl = None
    image: schemas.ImageName = None
    platform: schemas.ImagePlatform = None
    options: schemas.PageOptions | None = None
    cron: Cron
    time_zone: Zone = "UTC"


class ScheduleChange(BaseModel):
    """What to change; another page or image is another schedule."""

    model_config = ConfigDict(extra="forbid", strict=True)

    cron: Cron | None = None
    time_zone: Zone | None = None
    active: bool | None = None
    options: schemas.PageOptions | None = Field(
        default=None, description="In the place of the former ones; headers stay where `headers` is not given"
    )


class Schedule(schemas.Out):
    """When a page or an image is scanned by itself."""

    id: UUID
    org_id: UUID
    project_id: UUID
    url: str | None = Field(description="The page, where it is one")
    image: str | None = Field(description="The image's full name, where it is one")
    platform: str | None
    options: dict[str, Any] = Field(description="What is asked for of a page: crawl, device, engine, names of headers")
    cron: str
    time_zone: str
    active: bool
    disabled_at: datetime | None
    disabled_reason: str | None = Field(
        description="Who or what switched it off, such as the rule that refuses the URL"
    )
    next_run_at: datetime | None = Field(description="Null while it is off")
    last_run_at: datetime | None
    last_scan_id: UUID | None
    skipped_at: datetime | None = Field(description="When it last was due while the scan before had not ended")
    inserted_at: datetime
    updated_at: datetime


_NAMES = tuple(name for name in Schedule.model_fields if name != "org_id")


def _schedule(held: Held) -> Schedule:
    return Schedule(org_id=held.team_id, **{name: getattr(held, name) for name in _NAMES})


def _whose(caller: Caller) -> dict[str, UUID]:
    return {"team_id": caller.team_id, "project_id": caller.project_id}


@router.get("/schedules", summary="List schedules")
async def list_schedules(
    request: Request,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> schemas.PageEnvelope[Schedule]:
    """Newest first."""
    found = await schedules.page(platform_of(request).sessions, **_whose(caller), limit=limit, after=cursor)
    return answers.many(request, found, _schedule)


@router.post("/schedules", status_code=201, summary="Schedule a page or an image", responses=_CONFLICT)
async def create_schedule(request: Request, caller: Writer, body: NewSchedule) -> schemas.Envelope[Schedule]:
    """Its scans have the trigger `scheduled`. What must not be asked is refused with the rule."""
    asked = options.PLAIN if body.options is None else options.judged(body.options.model_dump())
    subject = schedules.Subject(url=body.url, image=body.image, platform=body.platform, options=asked)
    made = await schedules.create(
        platform_of(request), **_whose(caller), subject=subject, cron=body.cron, time_zone=body.time_zone
    )
    return answers.one(request, _schedule(made))


@router.get("/schedules/{schedule_id}", summary="Read a schedule")
async def read_schedule(request: Request, caller: Reader, schedule_id: UUID) -> schemas.Envelope[Schedule]:
    """As it stands, with the next time and the last scan."""
    held = await schedules.find(platform_of(request).sessions, **_whose(caller), schedule_id=schedule_id)
    return answers.one(request, _schedule(held))


@router.patch("/schedules/{schedule_id}", summary="Change a schedule")
async def change_schedule(
    request: Request, caller: Writer, schedule_id: UUID, body: ScheduleChange
) -> schemas.Envelope[Schedule]:
    """Other times, off, or on again; from now on: what was missed while it was off is not caught up."""
    asked = None if body.options is None else options.judged(body.options.model_dump())
    keeps = body.options is None or "headers" not in body.options.model_fields_set
    wish = schedules.Wish(
        cron=body.cron, time_zone=body.time_zone, active=body.active, options=asked, keeps_headers=keeps
    )
    held = await schedules.change(
        platform_of(request), **_whose(caller), schedule_id=schedule_id, wish=wish, who=caller.identity.who
    )
    return answers.one(request, _schedule(held))


@router.delete("/schedules/{schedule_id}", summary="Delete a schedule")
async def delete_schedule(request: Request, caller: Writer, schedule_id: UUID) -> schemas.Envelope[Schedule]:
    """Its scans stay; the answer is the schedule as it was."""
    held = await schedules.remove(platform_of(request).sessions, **_whose(caller), schedule_id=schedule_id)
    return answers.one(request, _schedule(held))
