"""Findings: list and read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import findings
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Reader, platform_of
from surveyor.service.store.findings import Filter

router = APIRouter(tags=["findings"])


class Wanted(BaseModel):
    """What a list may be narrowed by."""

    model_config = ConfigDict(extra="forbid")

    severity: schemas.Severity | None = None
    status: schemas.FindingStatus | None = None
    domain: schemas.Domain | None = None
    rule: str | None = Field(None, max_length=200)
    q: str | None = Field(None, max_length=200, description="Part of a title, or a rule")
    scan_id: UUID | None = Field(None, description="Only what this scan saw")
    seen: bool | None = Field(None, description="True: still there at the last look; false: gone since")
    limit: int = Field(50, ge=1, le=100)
    cursor: schemas.Cursor | None = None


@router.get("/findings", summary="List findings")
async def list_findings(
    request: Request, caller: Reader, wanted: Annotated[Wanted, Query()]
) -> schemas.PageEnvelope[schemas.Finding]:
    """Most urgent first: priority, then severity, then the newest. What is unscored or unrated comes after the rest."""
    narrowed = wanted.model_dump(exclude={"q", "limit", "cursor"})
    found = await findings.page(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        wanted=Filter(**narrowed, text=wanted.q or None),
        limit=wanted.limit,
        after=wanted.cursor,
    )
    return answers.many(request, found, answers.finding)


@router.get("/findings/{finding_id}", summary="Read a finding")
async def read_finding(request: Request, caller: Reader, finding_id: UUID) -> schemas.Envelope[schemas.Finding]:
    """One finding with its evidence and what it affects."""
    found = await findings.find(
        platform_of(request).sessions, team_id=caller.team_id, project_id=caller.project_id, finding_id=finding_id
    )
    return answers.one(request, answers.finding(found))
