"""Schedules: when a target is to be scanned by itself, one a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.engine import RowMapping

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

schedules = Table(
    "schedules",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text),
    Column("image", Text),
    Column("platform", Text),
    # the URL in its one spelling, or the image with its platform
    Column("target", Text, nullable=False),
    # of a page: how many, as what; its headers are sealed
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    Column("headers", LargeBinary),
    Column("cron", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("disabled_at", DateTime(timezone=True)),
    Column("disabled_reason", Text),
    Column("next_run_at", DateTime(timezone=True)),
    Column("last_run_at", DateTime(timezone=True)),
    # no key: a scan may be forgotten before its schedule
    Column("last_scan_id", Uuid),
    Column("skipped_at", DateTime(timezone=True)),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("project_id", "target"),
    CheckConstraint("num_nonnulls(url, image) = 1 and (platform is null or image is not null)", name="what"),
    CheckConstraint("active = (next_run_at is not null)", name="next"),
    CheckConstraint("active = (disabled_at is null)", name="disabled"),
    Index(None, "team_id", "project_id", "inserted_at", "id"),
    # what every minute looks through
    Index("schedules_due_idx", "next_run_at", postgresql_where=text("active")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a page, or an image in a registry, is scanned by itself.

    ``cron`` has five fields and is read in ``time_zone``; ``next_run_at`` is there while it is active; ``skipped_at``
    is when it last was due and did nothing because the scan before had not ended.
    """

    id: UUID
    team_id: UUID
    project_id: UUID
    url: str | None = None
    image: str | None = None
    platform: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    headers: bytes | None = field(default=None, repr=False)
    cron: str
    time_zone: str
    active: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_scan_id: UUID | None
    skipped_at: datetime | None
    inserted_at: datetime
    updated_at: datetime

    @property
    def name(self) -> str:
        """What is scanned, for people."""
        return self.url or (f"{self.image} ({self.platform})" if self.platform else str(self.image))


def _schedule(row: RowMapping) -> Schedule:
    return Schedule(**{name: value for name, value in row.items() if name != "target"})


async def add(session: Session, **values: object) -> Schedule | None:
    """Insert a target's schedule; ``None`` when it has one."""
    statement = insert(schedules).values(**values).on_conflict_do_nothing().returning(schedules)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _schedule(row) if row else None


async def find(
    session: Session, team_id: UUID, project_id: UUID, schedule_id: UUID, *, hold: bool = False
) -> Schedule | None:
    """One schedule, if it is this project's; held against other writers until the transaction ends, if asked."""
    statement = select(schedules).where(
        schedules.c.id == schedule_id, schedules.c.team_id == team_id, schedules.c.project_id == project_id
    )
    statement = statement.with_for_update() if hold else statement
    row = (await session.execute(statement)).mappings().one_or_none()
    return _schedule(row) if row else None


async def sealed(session: Session) -> list[tuple[UUID, bytes]]:
    """Headers of all schedules that have some, held until the transaction ends."""
    statement = select(schedules.c.id, schedules.c.headers).where(schedules.c.headers.is_not(None)).with_for_update()
    return [(row.id, row.headers) for row in await session.execute(statement)]


async def take_due(session: Session, now: datetime) -> Schedule | None:
    """The schedule that has been due longest, held until the transaction ends; one that another worker holds is not."""
    statement = (
        select(schedules)
        .where(schedules.c.active, schedules.c.next_run_at <= now)
        .order_by(schedules.c.next_run_at, schedules.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return _schedule(row) if row else None


async def change(session: Session, schedule_id: UUID, **values: object) -> Schedule:
    """Write columns of a schedule whose row the caller holds."""
    statement = (
        update(schedules)
        .where(schedules.c.id == schedule_id)
        .values(**values, updated_at=func.clock_timestamp())
        .returning(schedules)
    )
    return _schedule((await session.execute(statement)).mappings().one())


async def remove(session: Session, schedule_id: UUID) -> None:
    """Delete a schedule; its scans stay."""
    await session.execute(delete(schedules).where(schedules.c.id == schedule_id))


async def page(
    session: Session, team_id: UUID, project_id: UUID, *, limit: int, after: str | None
) -> cursor.Page[Schedule]:
    """A project's schedules, the newest first."""
    rows = select(schedules).where(schedules.c.team_id == team_id, schedules.c.project_id == project_id)
    return await cursor.newest_first(session, rows, schedules, _schedule, limit=limit, after=after)
