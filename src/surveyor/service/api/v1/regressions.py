"""Regressions: list."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from surveyor.service.actions import regressions
from surveyor.service.api.v1 import answers, remediation, schemas
from surveyor.service.api.v1.access import Reader, platform_of

router = APIRouter(tags=["regressions"])


@router.get("/regressions", summary="List regressions")
async def list_regressions(
    request: Request,
    caller: Reader,
    trigger: remediation.Trigger | None = None,
    finding_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> schemas.PageEnvelope[remediation.Regression]:
    """What was solved and is there again, newest first."""
    found = await regressions.page(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        trigger=trigger,
        finding_id=finding_id,
        limit=limit,
        after=cursor,
    )
    return answers.many(request, found, answers.regression)
