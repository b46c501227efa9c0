"""Updates of the advisory database: who asked, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Table,
    Text,
    Uuid,
    false,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import RowMapping

from surveyor.service.store.database import Session, metadata

advisory_updates = Table(
    "advisory_updates",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("sources", JSONB, nullable=False, server_default=text("'[]'")),
    Column("error", Text),
    # how far the database then was, and what of it had changed since the update before
    Column("state", Text),
    Column("everything", Boolean, nullable=False, server_default=false()),
    Column("packages", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("flaws", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    CheckConstraint("status in ('queued', 'running', 'done', 'failed')", name="status"),
    Index(None, "inserted_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryUpdate:
    """One update; ``sources`` holds feed, date and rows of what the database then held.

    ``state`` is the database's by then; ``None`` where nobody told.
    """

    id: UUID
    status: str
    sources: tuple[dict[str, Any], ...]
    error: str | None
    inserted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    state: str | None = None


#: An update's columns without what it changed, which may be much and is asked for by its id alone.
_COLUMNS = [advisory_updates.c[item.name] for item in fields(AdvisoryUpdate)]


def _update(row: RowMapping) -> AdvisoryUpdate:
    return AdvisoryUpdate(**{**row, "sources": tuple(row["sources"])})


async def add(session: Session) -> AdvisoryUpdate:
    """Record that an update was asked for."""
    return _update(
        (await session.execute(insert(advisory_updates).values(status="queued").returning(*_COLUMNS))).mappings().one()
    )


async def change(session: Session, update_id: UUID, **values: object) -> None:
    """Write columns of one update."""
    await session.execute(update(advisory_updates).where(advisory_updates.c.id == update_id).values(**values))


async def find(session: Session, update_id: UUID) -> AdvisoryUpdate | None:
    """One update."""
    statement = select(*_COLUMNS).where(advisory_updates.c.id == update_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _update(row) if row else None


async def latest(session: Session, *, status: str | None = None) -> AdvisoryUpdate | None:
    """The last update asked for, or the last that ended so."""
    statement = select(*_COLUMNS).order_by(advisory_updates.c.inserted_at.desc()).limit(1)
    if status is not None:
        statement = statement.where(advisory_updates.c.status == status)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _update(row) if row else None


async def told(session: Session) -> str:
    """The state of the database for which an update told last what had changed; empty before the first that did."""
    table = advisory_updates
    statement = select(table.c.state).where(table.c.status == "done", table.c.state.is_not(None))
    newest = statement.order_by(table.c.finished_at.desc()).limit(1)
    return (await session.execute(newest)).scalar_one_or_none() or ""


async def changed_everything(session: Session, update_id: UUID) -> bool:
    """Whether nobody knows what an update changed."""
    statement = select(advisory_updates.c.everything).where(advisory_updates.c.id == update_id)
    return bool((await session.execute(statement)).scalar_one_or_none())


async def changed_after(session: Session, moment: datetime) -> UUID | None:
    """The last update that ended after a moment and had changed something."""
    found: UUID | None = (await session.execute(_CHANGED_AFTER, {"moment": moment})).scalar_one_or_none()
    return found


_CHANGED_AFTER = text("""
select id from advisory_updates
 where inserted_at > cast(:moment as timestamptz) - interval '1 day' and finished_at > :moment and status = 'done'
   and (everything or packages <> '{}' or flaws <> '{}')
 order by finished_at desc limit 1""")


async def hold(session: Session, *, alone: bool) -> None:
    """Until the transaction ends, keep who looks for inventories (``alone``) apart from scans that end.

    So each scan is seen by an update's look, or sees the update itself.
    """
    name = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await session.execute(text(f"select {name}(hashtextextended('advisory_updates', 2))"))


async def lock(session: Session) -> None:
    """Hold the table against other writers until the transaction ends: two askers make one update."""
    await session.execute(text("lock table advisory_updates in share row exclusive mode"))


async def expire(session: Session, *, before: datetime, now: datetime) -> None:
    """Fail updates that began, or were asked for, before a moment and never ended."""
    open_ = advisory_updates.c.status.in_(["queued", "running"])
    since = func.coalesce(advisory_updates.c.started_at, advisory_updates.c.inserted_at)
    lost = update(advisory_updates).where(open_, since < before)
    await session.execute(lost.values(status="failed", error="no worker lived to end it", finished_at=now))
