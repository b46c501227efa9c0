"""Reports that were asked for: what kind, what became of them, and the project's numbers when they were asked for."""

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

reports = Table(
    "audit_reports",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("format", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("snapshot", JSONB, nullable=False),
    Column("storage_key", Text),
    Column("size", BigInteger),
    Column("findings", BigInteger),
    Column("findings_total", BigInteger),
    Column("error", Text),
    Column("job_id", BigInteger, nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("finished_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("format in ('json', 'csv', 'html', 'pdf')", name="format"),
    CheckConstraint("status in ('queued', 'exported', 'failed')", name="status"),
    CheckConstraint("(status = 'exported') = (storage_key is not null)", name="stored"),
    Index(None, "team_id", "project_id", "inserted_at", "id"),
    # what a sweeper looks through
    Index("audit_reports_live_idx", "inserted_at", postgresql_where=text("status = 'queued'")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report as it stands. ``snapshot`` is the project's numbers when it was asked for, ``size`` in bytes.

    ``findings`` of ``findings_total`` are in the file.
    """

    id: UUID
    team_id: UUID
    project_id: UUID
    format: str
    status: str
    snapshot: dict[str, Any]
    storage_key: str | None
    size: int | None
    findings: int | None
    findings_total: int | None
    error: str | None
    job_id: int
    inserted_at: datetime
    finished_at: datetime | None
    updated_at: datetime


def _report(row: RowMapping) -> ReportRow:
    return ReportRow(**row)


async def add(
    session: Session,
    *,
    report_id: UUID,
    team_id: UUID,
    project_id: UUID,
    kind: str,
    snapshot: dict[str, Any],
    job_id: int,
) -> ReportRow:
    """Insert a report that waits for a worker; ``kind`` is its format."""
    values = {
        "id": report_id,
        "team_id": team_id,
        "project_id": project_id,
        "format": kind,
        "snapshot": snapshot,
        "job_id": job_id,
    }
    return _report((await session.execute(insert(reports).values(values).returning(reports))).mappings().one())


async def find(
    session: Session, report_id: UUID, *, team_id: UUID | None = None, project_id: UUID | None = None
) -> ReportRow | None:
    """One report; with a team or project only if it is theirs."""
    statement = select(reports).where(reports.c.id == report_id)
    if team_id is not None:
        statement = statement.where(reports.c.team_id == team_id)
    if project_id is not None:
        statement = statement.where(reports.c.project_id == project_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _report(row) if row else None


async def end(session: Session, report_id: UUID, **values: object) -> bool:
    """Write the end of a report that has none yet; of two that try, one does."""
    statement = (
        update(reports)
        .where(reports.c.id == report_id, reports.c.status == "queued")
        .values(**values, updated_at=func.clock_timestamp(), finished_at=func.clock_timestamp())
        .returning(reports.c.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


def of_project(team_id: UUID, project_id: UUID, *, kind: str | None = None, status: str | None = None) -> Select[Any]:
    """A project's reports."""
    statement = select(reports).where(reports.c.team_id == team_id, reports.c.project_id == project_id)
    if kind is not None:
        statement = statement.where(reports.c.format == kind)
    if status is not None:
        statement = statement.where(reports.c.status == status)
    return statement


async def page(session: Session, rows: Select[Any], *, limit: int, after: str | None) -> cursor.Page[ReportRow]:
    """One page of reports, newest first."""
    return await cursor.newest_first(session, rows, reports, _report, limit=limit, after=after)


async def waiting(session: Session, *, before: datetime, limit: int = 100) -> list[ReportRow]:
    """Reports without an end that were asked for before a moment, oldest first."""
    statement = (
        select(reports)
        .where(reports.c.status == "queued", reports.c.inserted_at < before)
        .order_by(reports.c.inserted_at)
        .limit(limit)
    )
    return [_report(row) for row in (await session.execute(statement)).mappings()]
