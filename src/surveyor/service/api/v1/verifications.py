"""Verifications: run, list, read, reopen."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import reopenings, verifications
from surveyor.service.api.v1 import answers, remediation, schemas
from surveyor.service.api.v1.access import Reader, Writer, platform_of, strict
from surveyor.service.store.verifications import VerificationFilter

router = APIRouter(tags=["verifications"])


class Wanted(BaseModel):
    """What a list may be narrowed by."""

    model_config = ConfigDict(extra="forbid")

    task_id: UUID | None = None
    finding_id: UUID | None = None
    result: remediation.Result | None = None
    limit: int = Field(50, ge=1, le=100)
    cursor: schemas.Cursor | None = None


@router.post(
    "/verifications/run",
    status_code=202,
    summary="Verify a task",
    dependencies=[Depends(strict)],
    responses=answers.CONFLICT,
)
async def run_verification(
    request: Request, caller: Writer, body: remediation.RunVerification
) -> schemas.Envelope[remediation.Verification]:
    """Look again at everything the task's finding affects; poll the answer's id until `result` is not pending.

    Passed only if every check passed on every asset; then the task becomes done and the finding resolved. An id that
    is no check fails as `unknown_check`. 409 while another verification of the task runs.
    """
    made = await verifications.start(
        platform_of(request),
        team_id=caller.team_id,
        project_id=caller.project_id,
        task_id=body.task_id,
        who=caller.identity.who,
        checks=body.checks,
        scan_id=body.scan_id,
    )
    return answers.one(request, answers.verification(made))


@router.get("/verifications", summary="List verifications")
async def list_verifications(
    request: Request, caller: Reader, wanted: Annotated[Wanted, Query()]
) -> schemas.PageEnvelope[remediation.Verification]:
    """Newest first."""
    found = await verifications.page(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        wanted=VerificationFilter(**wanted.model_dump(exclude={"limit", "cursor"})),
        limit=wanted.limit,
        after=wanted.cursor,
    )
    return answers.many(request, found, answers.verification)


@router.get("/verifications/{verification_id}", summary="Read a verification")
async def read_verification(
    request: Request, caller: Reader, verification_id: UUID
) -> schemas.Envelope[remediation.Verification]:
    """One verification with what each check saw before and after."""
    found = await verifications.find(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        verification_id=verification_id,
    )
    return answers.one(request, answers.verification(found))


@router.post("/verifications/{verification_id}/reopen", summary="Take a proof back", responses=answers.CONFLICT)
async def reopen_verification(
    request: Request, caller: Writer, verification_id: UUID, body: remediation.Reopen | None = None
) -> schemas.Envelope[remediation.Verification]:
    """Task and finding become what they were before the proof, and a regression is opened. A second time is 409."""
    found = await reopenings.reopen(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        verification_id=verification_id,
        who=caller.identity.who,
        reason=body.reason if body else None,
    )
    return answers.one(request, answers.verification(found))
