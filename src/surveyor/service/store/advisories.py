"""Updates of the advisory database: who asked, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Table, Text, Uuid, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import RowMapping

from surveyor.service.store.database import Session, metadata

advisory_updates = Table(
    "advisory_updates",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("sources", JSONB, nullable=False, server_default=text("'[]'")),
    Column("error", Text),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    CheckConstraint("status in ('queued', 'running', 'done', 'failed')", name="status"),
    Index(None, "inserted_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryUpdate:
    """One update; ``sources`` holds feed, date and rows of what the database then held."""

    id: UUID
    status: str
    sources: tuple[dict[str, Any], ...]
    error: str | None
    inserted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def _update(row: RowMapping) -> AdvisoryUpdate:
    return AdvisoryUpdate(**{**row, "sources": tuple(row["sources"])})


async def add(session: Session) -> AdvisoryUpdate:
    """Record that an update was asked for."""
    return _update(
        (await session.execute(insert(advisory_updates).values(status="queued").returning(advisory_updates)))
        .mappings()
        .one()
    )


async def change(session: Session, update_id: UUID, **values: object) -> None:
    """Write columns of one update."""
    await session.execute(update(advisory_updates).where(advisory_updates.c.id == update_id).values(**values))


async def find(session: Session, update_id: UUID) -> AdvisoryUpdate | None:
    """One update."""
    statement = select(advisory_updates).where(advisory_updates.c.id == update_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _update(row) if row else None


async def latest(session: Session, *, status: str | None = None) -> AdvisoryUpdate | None:
    """The last update asked for, or the last that ended so."""
    statement = select(advisory_updates).order_by(advisory_updates.c.inserted_at.desc()).limit(1)
    if status is not None:
        statement = statement.where(advisory_updates.c.status == status)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _update(row) if row else None


async def lock(session: Session) -> None:
    """Hold the table against other writers until the transaction ends: two askers make one update."""
    await session.execute(text("lock table advisory_updates in share row exclusive mode"))


async def expire(session: Session, *, before: datetime, now: datetime) -> None:
    """Fail updates that began, or were asked for, before a moment and never ended."""
    open_ = advisory_updates.c.status.in_(["queued", "running"])
    since = func.coalesce(advisory_updates.c.started_at, advisory_updates.c.inserted_at)
    lost = update(advisory_updates).where(open_, since < before)
    await session.execute(lost.values(status="failed", error="no worker lived to end it", finished_at=now))
