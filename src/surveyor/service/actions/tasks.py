"""Make work of findings: create, change and read tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from surveyor.remedy import lifecycle
from surveyor.service.actions import clock
from surveyor.service.actions.findings import refuse_move
from surveyor.service.errors import Conflict, NotFound
from surveyor.service.store import cursor, findings, tasks
from surveyor.service.store.database import Sessions
from surveyor.service.store.tasks import Task, TaskFilter

PAGE_LIMIT = 100
#: What a person may write, beside the status.
FIELDS = frozenset({"title", "priority", "owner_id", "sla_due_at", "external_ticket_key", "pr_url"})


def due(severity: str, at: datetime) -> datetime | None:
    """When work on a finding of this severity is due; nobody can say for an unrated one."""
    hours = lifecycle.SLA_HOURS.get(severity)
    return None if hours is None else at + timedelta(hours=hours)


async def create(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, finding_id: UUID, given: Mapping[str, Any] | None = None
) -> Task:
    """A task for a finding, in the backlog; title, priority and date have defaults that ``given`` replaces."""
    chosen = {name: value for name, value in (given or {}).items() if name in FIELDS}
    async with sessions() as session, session.begin():
        finding = await findings.lock(session, team_id, project_id, finding_id)
        if finding is None:
            raise NotFound("no such finding")
        defaults = {"title": finding.title, "sla_due_at": due(finding.severity, clock.now())}
        return await tasks.add(
            session, team_id=team_id, project_id=project_id, finding_id=finding_id, **{**defaults, **chosen}
        )


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, task_id: UUID) -> Task:
    """One task."""
    async with sessions() as session:
        found = await tasks.find(session, team_id, project_id, task_id)
    if found is None:
        raise NotFound("no such task")
    return found


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    wanted: TaskFilter | None = None,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[Task]:
    """A project's tasks, the newest first; ``limit`` at most 100."""
    async with sessions() as session:
        return await tasks.page(
            session, team_id, project_id, wanted or TaskFilter(), limit=max(1, min(limit, PAGE_LIMIT)), after=after
        )


async def change(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    task_id: UUID,
    given: Mapping[str, Any],
    if_updated_at: datetime | None = None,
) -> Task:
    """Write the fields that are given, the status by a legal move only; Conflict names the legal ones."""
    async with sessions() as session, session.begin():
        task = await tasks.lock(session, team_id, project_id, task_id)
        if task is None:
            raise NotFound("no such task")
        if if_updated_at is not None and if_updated_at != task.updated_at:
            raise Conflict(
                "the task has changed since", details={"updated_at": task.updated_at.isoformat(), "stale": True}
            )
        values = {name: value for name, value in given.items() if name in FIELDS and value != getattr(task, name)}
        to = given.get("status", task.status)
        if not lifecycle.task_may(task.status, to):
            raise refuse_move("task", task.status, to, lifecycle.TASK_MOVES)
        if to != task.status:
            values |= {"status": to, "done_at": clock.now() if to == "done" else None}
        return await tasks.change(session, task_id, **values) if values else task
