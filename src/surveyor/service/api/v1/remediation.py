"""What goes over the wire about the way from a finding to a proved fix."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from surveyor.service.api.v1.schemas import FindingStatus, Out

TaskStatus = Literal["backlog", "in_progress", "blocked", "ready_verify", "done"]
TaskPriority = Literal["low", "medium", "high", "critical"]
Result = Literal["pending", "passed", "failed"]
CheckStatus = Literal["running", "passed", "failed", "unknown_check", "not_looked"]
Trigger = Literal["verification_reopened", "reappeared"]
SetSeverity = Literal["critical", "high", "medium", "low"]

#: PostgreSQL holds any text but this character.
_NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_NO_NUL, strip_whitespace=True)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=_NO_NUL, strip_whitespace=True)]
TicketKey = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.#/-]*$")]
PrUrl = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\x00<>\"']+$")]
CheckKey = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:~-]*$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PatchFinding(_In):
    """What to change; a field that is not sent stays."""

    status: FindingStatus | None = None
    severity: SetSeverity | None = None
    owner_id: UUID | None = Field(None, description="null: nobody")
    priority: int | None = Field(None, ge=0, le=100, strict=True, description="null: the formula's again")
    reason: Reason | None = Field(None, description="Needed to dismiss; kept in the history")
    if_updated_at: AwareDatetime | None = Field(None, description="409 when the finding has changed since")


class Change(Out):
    """One change of one field."""

    id: int
    at: datetime
    who: str = Field(description="key:PREFIX, person, scan:ID or verification:ID")
    field: str
    before: Any
    after: Any
    reason: str | None


class NewTask(_In):
    """A task for a finding."""

    finding_id: UUID
    title: Text | None = Field(None, description="Default: the finding's")
    priority: TaskPriority = "medium"
    owner_id: UUID | None = None
    sla_due_at: AwareDatetime | None = Field(
        None, description="Default by severity: critical 24 h, high 72 h, medium 168 h, low 336 h"
    )
    external_ticket_key: TicketKey | None = Field(None, examples=["SEC-142"])
    pr_url: PrUrl | None = None


class PatchTask(_In):
    """What to change; a field that is not sent stays."""

    status: TaskStatus | None = None
    title: Text | None = None
    priority: TaskPriority | None = None
    owner_id: UUID | None = None
    sla_due_at: AwareDatetime | None = None
    external_ticket_key: TicketKey | None = None
    pr_url: PrUrl | None = None
    if_updated_at: AwareDatetime | None = Field(None, description="409 when the task has changed since")


class Task(Out):
    """Somebody's work on one finding."""

    id: UUID
    org_id: UUID
    project_id: UUID
    finding_id: UUID
    title: str
    status: TaskStatus
    priority: TaskPriority
    owner_id: UUID | None
    sla_due_at: datetime | None
    external_ticket_key: str | None
    pr_url: str | None
    done_at: datetime | None
    inserted_at: datetime
    updated_at: datetime


class RunVerification(_In):
    """What to verify."""

    task_id: UUID
    checks: list[CheckKey] = Field(
        default=[],
        max_length=50,
        examples=[["security_header_csp"]],
        description="Ids of rules; default: the finding's own",
    )
    scan_id: UUID | None = Field(None, description="The artifact scan whose inventory to use; default: the newest")


class Look(Out):
    """What one check saw on one asset."""

    asset: str
    status: CheckStatus
    after: str | None
    reason: str | None = Field(description="A stable code where the check could not look")


class Check(Out):
    """One check; passed only if it passed on every asset."""

    key: str
    before: str | None = Field(description="The evidence that the finding was raised on")
    after: str | None = Field(description="What decides now")
    picture: str | None = Field(None, description="A picture of what is still there, as a `data:` address")
    status: CheckStatus
    assets: list[Look]


class Verification(Out):
    """One look at whether a finding is gone."""

    id: UUID
    org_id: UUID
    project_id: UUID
    task_id: UUID
    finding_id: UUID
    scan_id: UUID | None
    result: Result
    reason: str | None = Field(
        description="Why it failed, beside its checks: could_not_look, finding_changed, reopened, attempts, stale"
    )
    checks: list[Check]
    requested_by: str
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    reopened_at: datetime | None
    reopened_by: str | None
    inserted_at: datetime
    updated_at: datetime


class Reopen(_In):
    """Why a proof is taken back."""

    reason: Reason | None = None


class Regression(Out):
    """Something that was solved and is there again."""

    id: UUID
    org_id: UUID
    project_id: UUID
    finding_id: UUID
    task_id: UUID | None
    verification_id: UUID | None
    scan_id: UUID | None
    trigger: Trigger
    closed_at: datetime | None = Field(description="When the finding was solved again")
    inserted_at: datetime
