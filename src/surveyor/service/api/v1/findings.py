"""Findings: list, read, decide about, and what was decided."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import findings
from surveyor.service.actions.findings import Decision
from surveyor.service.api.v1 import answers, remediation, schemas
from surveyor.service.api.v1.access import Reader, Writer, platform_of
from surveyor.service.api.v1.tasks import refuse_null
from surveyor.service.store.finding_lists import Filter

router = APIRouter(tags=["findings"])
#: PostgreSQL holds any text but a NUL.
Wording = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class Wanted(BaseModel):
    """What a list may be narrowed by."""

    model_config = ConfigDict(extra="forbid")

    severity: schemas.Severity | None = None
    status: schemas.FindingStatus | None = None
    domain: schemas.Domain | None = None
    rule: Wording | None = Field(None, max_length=200)
    q: Wording | None = Field(None, max_length=200, description="Part of a title, or a rule")
    asset: Wording | None = Field(None, max_length=2048, description="A URL, a PURL or an artifact's name, as a whole")
    scan_id: UUID | None = Field(None, description="Only what this scan saw")
    seen: bool | None = Field(None, description="True: still there at the last look; false: gone since")
    kev: bool | None = Field(
        None, description="True: known to be exploited; false: not listed as such, or nobody has looked"
    )
    sort: Literal["priority", "severity", "newest", "last_seen"] = Field(
        "priority", description="From the greatest down; severity and priority decide each other's ties"
    )
    limit: int = Field(50, ge=1, le=100)
    cursor: schemas.Cursor | None = None


@router.get("/findings", summary="List findings")
async def list_findings(
    request: Request, caller: Reader, wanted: Annotated[Wanted, Query()]
) -> schemas.PageEnvelope[schemas.Finding]:
    """Most urgent first unless asked otherwise: priority, then severity, then the newest.

    What nobody has rated, and nobody has seen exploited, comes after everything that was rated.
    """
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


@router.patch("/findings/{finding_id}", summary="Decide about a finding", responses=answers.CONFLICT)
async def change_finding(
    request: Request, caller: Writer, finding_id: UUID, body: remediation.PatchFinding
) -> schemas.Envelope[schemas.Finding]:
    """Change what is sent. A status by a legal move only: 409 names those, in `details.legal`.

    Dismissing needs a reason. A severity or a priority that is set here stays, whatever later scans say.
    """
    given = body.model_dump(exclude_unset=True)
    refuse_null(given, ("status", "severity"))
    changed = await findings.decide(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        finding_id=finding_id,
        who=caller.identity.who,
        decision=Decision(**given),
    )
    return answers.one(request, answers.finding(changed))


@router.get("/findings/{finding_id}/history", summary="Read a finding's history")
async def finding_history(
    request: Request,
    caller: Reader,
    finding_id: UUID,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> schemas.PageEnvelope[remediation.Change]:
    """Every change that was a decision, the newest first: who, when, from what to what, and why."""
    found = await findings.past(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        finding_id=finding_id,
        limit=limit,
        after=cursor,
    )
    return answers.many(request, found, answers.change)
