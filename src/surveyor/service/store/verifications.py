"""Verifications: one look each at whether a task's finding is gone, with what every check saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Select,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import RowMapping

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

#: The rule that one task is verified by one run at a time.
PENDING_INDEX = "audit_verifications_pending_idx"

verifications = Table(
    "audit_verifications",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("task_id", Uuid, ForeignKey("audit_tasks.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), nullable=False, index=True),
    # the inventory to look at, where one was named
    Column("scan_id", Uuid),
    Column("result", Text, nullable=False, server_default="pending"),
    Column("reason", Text),
    Column("checks", JSONB, nullable=False, server_default=text("'[]'")),
    Column("requested_by", Text, nullable=False),
    Column("job_id", BigInteger),
    # the attempt that holds it: whoever has another one may not write
    Column("run", Uuid),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("task_before", Text),
    Column("finding_before", Text),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("reopened_at", DateTime(timezone=True)),
    Column("reopened_by", Text),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("result in ('pending', 'passed', 'failed')", name="result"),
    Index(None, "team_id", "project_id", "inserted_at", "id"),
    Index(PENDING_INDEX, "task_id", unique=True, postgresql_where=text("result = 'pending'")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A verification as it stands. ``task_before`` and ``finding_before`` are what a full pass moved them from."""

    id: UUID
    team_id: UUID
    project_id: UUID
    task_id: UUID
    finding_id: UUID
    scan_id: UUID | None
    result: str
    reason: str | None
    checks: tuple[dict[str, Any], ...]
    requested_by: str
    job_id: int | None
    run: UUID | None
    attempts: int
    task_before: str | None
    finding_before: str | None
    started_at: datetime | None
    finished_at: datetime | None
    reopened_at: datetime | None
    reopened_by: str | None
    inserted_at: datetime
    updated_at: datetime


def _verification(row: RowMapping) -> Verification:
    return Verification(**{**row, "checks": tuple(row["checks"])})


async def add(session: Session, **values: object) -> Verification:
    """Insert one that waits for a worker."""
    statement = insert(verifications).values(**values).returning(verifications)
    return _verification((await session.execute(statement)).mappings().one())


def _one(verification_id: UUID, team_id: UUID | None, project_id: UUID | None) -> Select[Any]:
    statement = select(verifications).where(verifications.c.id == verification_id)
    if team_id is not None:
        statement = statement.where(verifications.c.team_id == team_id)
    if project_id is not None:
        statement = statement.where(verifications.c.project_id == project_id)
    return statement


async def find(
    session: Session, verification_id: UUID, *, team_id: UUID | None = None, project_id: UUID | None = None
) -> Verification | None:
    """One verification; with a team or project only if it is theirs."""
    row = (await session.execute(_one(verification_id, team_id, project_id))).mappings().one_or_none()
    return _verification(row) if row else None


async def lock(
    session: Session, verification_id: UUID, *, team_id: UUID | None = None, project_id: UUID | None = None
) -> Verification | None:
    """The same, its row held until the transaction ends."""
    statement = _one(verification_id, team_id, project_id).with_for_update()
    row = (await session.execute(statement)).mappings().one_or_none()
    return _verification(row) if row else None


async def change(session: Session, verification_id: UUID, **values: object) -> Verification:
    """Write columns of a verification whose row the caller holds; ``updated_at`` follows."""
    statement = (
        update(verifications)
        .where(verifications.c.id == verification_id)
        .values(**values, updated_at=func.clock_timestamp())
        .returning(verifications)
    )
    return _verification((await session.execute(statement)).mappings().one())


async def touch(session: Session, verification_id: UUID, run: UUID) -> bool:
    """Say that a run is at it; ``False`` when it is another's by now, or has ended."""
    mine = (verifications.c.id == verification_id) & (verifications.c.run == run)
    statement = update(verifications).where(mine, verifications.c.result == "pending")
    touched = await session.execute(statement.values(updated_at=func.clock_timestamp()).returning(verifications.c.id))
    return touched.one_or_none() is not None


async def pending_of(session: Session, task_id: UUID) -> UUID | None:
    """The verification that a task waits for, if any."""
    statement = select(verifications.c.id).where(
        verifications.c.task_id == task_id, verifications.c.result == "pending"
    )
    found: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return found


async def last_passed(session: Session, *, task_id: UUID | None = None, finding_id: UUID) -> Verification | None:
    """The newest proof of a finding, or of one task of it, that nobody has taken back."""
    table = verifications
    about = table.c.finding_id == finding_id if task_id is None else table.c.task_id == task_id
    statement = (
        select(verifications).where(about, table.c.result == "passed").order_by(table.c.finished_at.desc()).limit(1)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return _verification(row) if row else None


async def silent(session: Session, *, before: datetime, limit: int = 100) -> list[Verification]:
    """Those that nobody has written to since a moment though they have not ended, the oldest first."""
    statement = (
        select(verifications)
        .where(verifications.c.result == "pending", verifications.c.updated_at < before)
        .order_by(verifications.c.updated_at)
        .limit(limit)
    )
    return [_verification(row) for row in (await session.execute(statement)).mappings()]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFilter:
    """What a list of verifications may be narrowed by."""

    task_id: UUID | None = None
    finding_id: UUID | None = None
    result: str | None = None


async def page(
    session: Session, team_id: UUID, project_id: UUID, wanted: VerificationFilter, *, limit: int, after: str | None
) -> cursor.Page[Verification]:
    """A project's verifications, the newest first."""
    table = verifications
    rows = select(table).where(table.c.team_id == team_id, table.c.project_id == project_id)
    for name in ("task_id", "finding_id", "result"):
        if (value := getattr(wanted, name)) is not None:
            rows = rows.where(table.c[name] == value)
    return await cursor.newest_first(session, rows, table, _verification, limit=limit, after=after)
