"""Tasks: somebody's work on one finding, from the backlog to done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
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
    update,
)
from sqlalchemy.engine import RowMapping

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

tasks = Table(
    "audit_tasks",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="backlog"),
    Column("priority", Text, nullable=False, server_default="medium"),
    Column("owner_id", Uuid),
    Column("sla_due_at", DateTime(timezone=True)),
    Column("external_ticket_key", Text),
    Column("pr_url", Text),
    Column("done_at", DateTime(timezone=True)),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("status in ('backlog', 'in_progress', 'blocked', 'ready_verify', 'done')", name="status"),
    CheckConstraint("priority in ('low', 'medium', 'high', 'critical')", name="priority"),
    Index(None, "team_id", "project_id", "inserted_at", "id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as it stands."""

    id: UUID
    team_id: UUID
    project_id: UUID
    finding_id: UUID
    title: str
    status: str
    priority: str
    owner_id: UUID | None
    sla_due_at: datetime | None
    external_ticket_key: str | None
    pr_url: str | None
    done_at: datetime | None
    inserted_at: datetime
    updated_at: datetime


def _task(row: RowMapping) -> Task:
    return Task(**row)


async def add(session: Session, **values: object) -> Task:
    """Insert one."""
    return _task((await session.execute(insert(tasks).values(**values).returning(tasks))).mappings().one())


def _one(team_id: UUID, project_id: UUID, task_id: UUID) -> Select[Any]:
    return select(tasks).where(tasks.c.id == task_id, tasks.c.team_id == team_id, tasks.c.project_id == project_id)


async def find(session: Session, team_id: UUID, project_id: UUID, task_id: UUID) -> Task | None:
    """One task."""
    row = (await session.execute(_one(team_id, project_id, task_id))).mappings().one_or_none()
    return _task(row) if row else None


async def lock(session: Session, team_id: UUID, project_id: UUID, task_id: UUID) -> Task | None:
    """One task, its row held until the transaction ends."""
    row = (await session.execute(_one(team_id, project_id, task_id).with_for_update())).mappings().one_or_none()
    return _task(row) if row else None


async def change(session: Session, task_id: UUID, **values: object) -> Task:
    """Write columns of a task whose row the caller holds; ``updated_at`` follows."""
    statement = update(tasks).where(tasks.c.id == task_id).values(**values, updated_at=func.clock_timestamp())
    return _task((await session.execute(statement.returning(tasks))).mappings().one())


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """What a list of tasks may be narrowed by."""

    status: str | None = None
    priority: str | None = None
    owner_id: UUID | None = None
    finding_id: UUID | None = None


async def page(
    session: Session, team_id: UUID, project_id: UUID, wanted: TaskFilter, *, limit: int, after: str | None
) -> cursor.Page[Task]:
    """A project's tasks, the newest first."""
    rows = select(tasks).where(tasks.c.team_id == team_id, tasks.c.project_id == project_id)
    for name in ("status", "priority", "owner_id", "finding_id"):
        if (value := getattr(wanted, name)) is not None:
            rows = rows.where(tasks.c[name] == value)
    return await cursor.newest_first(session, rows, tasks, _task, limit=limit, after=after)
