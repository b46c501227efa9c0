"""Regressions: what was solved and is there again, by a scan or by a person who took a proof back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

REOPENED, REAPPEARED = "verification_reopened", "reappeared"

regressions = Table(
    "audit_regressions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("task_id", Uuid, ForeignKey("audit_tasks.id", ondelete="SET NULL")),
    Column("verification_id", Uuid, ForeignKey("audit_verifications.id", ondelete="SET NULL")),
    # no key: a scan may be forgotten before what it found
    Column("scan_id", Uuid),
    Column("trigger", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("trigger in ('verification_reopened', 'reappeared')", name="trigger"),
    Index(None, "team_id", "project_id", "inserted_at", "id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """One regression; ``closed_at`` is when its finding was solved again."""

    id: UUID
    team_id: UUID
    project_id: UUID
    finding_id: UUID
    task_id: UUID | None
    verification_id: UUID | None
    scan_id: UUID | None
    trigger: str
    closed_at: datetime | None
    inserted_at: datetime


def _regression(row: RowMapping) -> Regression:
    return Regression(**row)


async def add(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Open some."""
    if rows:
        await session.execute(insert(regressions), list(rows))


async def close(session: Session, finding_id: UUID, *, at: datetime) -> None:
    """End the open ones of a finding that is solved again."""
    open_ones = (regressions.c.finding_id == finding_id) & regressions.c.closed_at.is_(None)
    await session.execute(update(regressions).where(open_ones).values(closed_at=at))


async def page(
    session: Session,
    team_id: UUID,
    project_id: UUID,
    *,
    trigger: str | None = None,
    finding_id: UUID | None = None,
    limit: int,
    after: str | None,
) -> cursor.Page[Regression]:
    """A project's regressions, the newest first."""
    rows = select(regressions).where(regressions.c.team_id == team_id, regressions.c.project_id == project_id)
    if trigger is not None:
        rows = rows.where(regressions.c.trigger == trigger)
    if finding_id is not None:
        rows = rows.where(regressions.c.finding_id == finding_id)
    return await cursor.newest_first(session, rows, regressions, _regression, limit=limit, after=after)
