"""Units of a team and month: taken before a model is asked, kept or given back when that is over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    exists,
    func,
    insert,
    select,
    text,
)

from surveyor.service.store.database import Session, metadata
from surveyor.service.store.scans import scan_runs

llm_months = Table(
    "llm_months",
    metadata,
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("used", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    CheckConstraint("used >= 0 and reserved >= 0", name="counts"),
)

llm_reservations = Table(
    "llm_reservations",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("month", Date, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default="reserved"),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("settled_at", DateTime(timezone=True)),
    UniqueConstraint("subject_id", "purpose"),
    CheckConstraint("purpose in ('scan', 'verification', 'report')", name="purpose"),
    CheckConstraint("state in ('reserved', 'charged', 'released', 'refused')", name="state"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A team's month: units charged, and units held by what is still under way."""

    used: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of asking for a unit: whether anybody could be asked at all, and whether there was one left."""

    configured: bool
    taken: bool


async def take(session: Session, *, team_id: UUID, month: date, purpose: str, subject_id: UUID, limit: int) -> Taken:
    """Reserve one unit for a subject, if a provider is in force for the team and fewer than ``limit`` are spoken for.

    One statement, so that of two that ask for the last unit one gets it.
    """
    values = {"team": team_id, "month": month, "purpose": purpose, "subject": subject_id, "most": limit}
    row = (await session.execute(_TAKE, values)).one()
    return Taken(configured=row.configured, taken=row.taken)


_TAKE = text("""
with able as (
    select from llm_providers p
     where p.enabled and (p.team_id = :team or p.team_id is null)
       and case when p.kind = 'compatible' then p.base_url is not null and p.analysis_model is not null
                else p.sealed is not null end
       and (p.team_id is not null
            or not exists (select from llm_providers o where o.team_id = :team and o.kind = p.kind))
     limit 1
), taken as (
    insert into llm_months as m (team_id, month, used, reserved)
    select :team, :month, 0, 1 from able where cast(:most as integer) > 0
    on conflict (team_id, month) do update set reserved = m.reserved + 1 where m.used + m.reserved < :most
    returning 1
), noted as (
    insert into llm_reservations (team_id, month, purpose, subject_id)
    select :team, :month, :purpose, :subject from taken
)
select exists (select from able) as configured, exists (select from taken) as taken""")


async def able(session: Session, team_ids: Collection[UUID]) -> set[UUID]:
    """The teams among these for which somebody can be asked."""
    return set((await session.execute(_ABLE, {"teams": list(team_ids)})).scalars())


_ABLE = text("""
select t.id from unnest(cast(:teams as uuid[])) as t (id)
 where exists (select from llm_providers p where p.enabled and (p.team_id = t.id or p.team_id is null))""")


async def settle(session: Session, *, purpose: str, subject_id: UUID) -> None:
    """Charge a subject's unit if a model really answered for it, else give it back; a second time does nothing."""
    await session.execute(_SETTLE, {"purpose": purpose, "subject": subject_id})


_SETTLE = text("""
with ended as (
    update llm_reservations r
       set settled_at = clock_timestamp(),
           state = case when exists (select from llm_calls c where c.subject_id = r.subject_id and c.outcome = 'ok')
                        then 'charged' else 'released' end
     where r.subject_id = :subject and r.purpose = :purpose and r.state = 'reserved'
    returning r.team_id, r.month, r.state
)
update llm_months m
   set reserved = m.reserved - 1, used = m.used + case when ended.state = 'charged' then 1 else 0 end
  from ended where m.team_id = ended.team_id and m.month = ended.month""")


async def refuse(session: Session, *, team_id: UUID, month: date, purpose: str, subject_id: UUID) -> None:
    """Remember that a subject goes ahead without a unit, since none was left."""
    values = {"team_id": team_id, "month": month, "purpose": purpose, "subject_id": subject_id}
    await session.execute(insert(llm_reservations).values(**values, state="refused", settled_at=func.now()))


async def state_of(session: Session, *, purpose: str, subject_id: UUID) -> str | None:
    """``reserved``: a subject may ask models; ``refused``: there was no unit for it; ``None``: nobody to ask."""
    statement = select(llm_reservations.c.state).where(
        llm_reservations.c.subject_id == subject_id, llm_reservations.c.purpose == purpose
    )
    state: str | None = (await session.execute(statement)).scalar_one_or_none()
    return state


async def release_orphans(session: Session, *, before: datetime) -> int:
    """Give back the units of scans that were never queued: the process died between the two; the number of those."""
    held = llm_reservations.c
    orphans = select(held.subject_id).where(
        held.state == "reserved", held.purpose == "scan", held.inserted_at < before, ~_queued()
    )
    found = list((await session.execute(orphans)).scalars())
    for subject_id in found:
        await settle(session, purpose="scan", subject_id=subject_id)
    return len(found)


def _queued() -> ColumnElement[bool]:
    return exists().where(scan_runs.c.id == llm_reservations.c.subject_id)


async def month_of(session: Session, team_id: UUID, month: date) -> Month:
    """A team's month as it stands."""
    statement = select(llm_months.c.used, llm_months.c.reserved).where(
        llm_months.c.team_id == team_id, llm_months.c.month == month
    )
    row = (await session.execute(statement)).one_or_none()
    return Month(used=row.used, reserved=row.reserved) if row else Month()
