"""Tasks: create, list, read, change."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import tasks
from surveyor.service.api.v1 import answers, remediation, schemas
from surveyor.service.api.v1.access import Reader, Writer, platform_of
from surveyor.service.errors import InvalidParams
from surveyor.service.store.tasks import TaskFilter

router = APIRouter(tags=["tasks"])
_NEVER_NULL = ("status", "title", "priority")


class Wanted(BaseModel):
    """What a list may be narrowed by."""

    model_config = ConfigDict(extra="forbid")

    status: remediation.TaskStatus | None = None
    priority: remediation.TaskPriority | None = None
    owner_id: UUID | None = None
    finding_id: UUID | None = None
    limit: int = Field(50, ge=1, le=100)
    cursor: schemas.Cursor | None = None


@router.post("/tasks", status_code=201, summary="Create a task")
async def create_task(
    request: Request, caller: Writer, body: remediation.NewTask
) -> schemas.Envelope[remediation.Task]:
    """Make work of a finding. What is not sent has a default: title and date come from the finding."""
    given = body.model_dump(exclude_unset=True, exclude={"finding_id"})
    if given.get("title", "") is None:
        del given["title"]
    made = await tasks.create(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        finding_id=body.finding_id,
        given=given,
    )
    return answers.one(request, answers.task(made))


@router.get("/tasks", summary="List tasks")
async def list_tasks(
    request: Request, caller: Reader, wanted: Annotated[Wanted, Query()]
) -> schemas.PageEnvelope[remediation.Task]:
    """Newest first."""
    found = await tasks.page(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        wanted=TaskFilter(**wanted.model_dump(exclude={"limit", "cursor"})),
        limit=wanted.limit,
        after=wanted.cursor,
    )
    return answers.many(request, found, answers.task)


@router.get("/tasks/{task_id}", summary="Read a task")
async def read_task(request: Request, caller: Reader, task_id: UUID) -> schemas.Envelope[remediation.Task]:
    """One task as it stands."""
    found = await tasks.find(
        platform_of(request).sessions, team_id=caller.team_id, project_id=caller.project_id, task_id=task_id
    )
    return answers.one(request, answers.task(found))


@router.patch("/tasks/{task_id}", summary="Change a task", responses=answers.CONFLICT)
async def change_task(
    request: Request, caller: Writer, task_id: UUID, body: remediation.PatchTask
) -> schemas.Envelope[remediation.Task]:
    """Change what is sent. A status by a legal move only: 409 names those, in `details.legal`."""
    given = body.model_dump(exclude_unset=True, exclude={"if_updated_at"})
    refuse_null(given, _NEVER_NULL)
    changed = await tasks.change(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        task_id=task_id,
        given=given,
        if_updated_at=body.if_updated_at,
    )
    return answers.one(request, answers.task(changed))


def refuse_null(given: dict[str, object], names: tuple[str, ...]) -> None:
    """A field that is never empty cannot be emptied."""
    if empty := {name: ["null"] for name in names if given.get(name, "") is None}:
        raise InvalidParams(f"{', '.join(empty)} cannot be null", details=empty)
