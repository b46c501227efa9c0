"""What goes over the wire about reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.api.v1.schemas import Out

ReportFormat = Literal["json", "csv", "html", "pdf"]
ReportStatus = Literal["queued", "exported", "failed"]


class ExportReport(BaseModel):
    """What kind of file to make of the project."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: ReportFormat


class Report(Out):
    """A report as it stands; poll it until it is exported or failed."""

    id: UUID
    org_id: UUID
    project_id: UUID
    format: ReportFormat
    status: ReportStatus
    snapshot: dict[str, Any] = Field(
        description="The project's numbers when the report was asked for, and export_url: where the file is for the "
        "next 24 hours, without a key; null while there is none"
    )
    size: int | None = Field(description="Bytes of the file")
    findings: int | None = Field(description="How many findings the file holds")
    findings_total: int | None = Field(description="How many the project had")
    error: str | None
    inserted_at: datetime
    finished_at: datetime | None
    updated_at: datetime


class BurnDownDay(Out):
    """One day as it stood when it ended (UTC); today as it stands."""

    date: date
    open_risk_score: int = Field(description="Sum of the priority scores of the findings that were open")
    open_findings: int


class ReportSummary(Out):
    """A project between two days. A rate is null while there is nothing to take it from, which is never the same as 0.

    A day's open findings are those first seen by then and, by their history, not resolved or dismissed by then; they
    count with the priority they have today, since past priorities are not kept.
    """

    date_from: date
    date_to: date
    risk_burn_down: list[BurnDownDay] = Field(max_length=366)
    open_findings: int = Field(description="At the end of the last day")
    open_risk_score: int = Field(description="At the end of the last day")
    unscored: int = Field(description="Findings open now that have no priority and count nothing")
    verification_pass_rate: float | None = Field(
        ge=0, le=1, description="Passed among the verifications that ended in the range; one that was reopened failed"
    )
    verifications: int = Field(description="Verifications that ended in the range")
    regression_rate: float | None = Field(
        ge=0, le=1, description="Of all findings ever resolved by date_to, the share that came back in the range"
    )
    regressions: int = Field(description="Findings that came back in the range")
