"""Our values as the wire's: what a scan, an event and a finding look like to a caller, and the envelope around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request

from surveyor.service.api.v1 import remediation, schemas
from surveyor.service.errors import CODES
from surveyor.service.store.cursor import Page
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.history import Change
from surveyor.service.store.regressions import Regression
from surveyor.service.store.scans import Scan
from surveyor.service.store.tasks import Task
from surveyor.service.store.verifications import Verification

#: What routes that move something between states answer beside the common failures.
CONFLICT: dict[int | str, dict[str, object]] = {
    409: {"model": schemas.FailureEnvelope, "description": f"`conflict`: {CODES['conflict'][1]}"}
}
V = TypeVar("V")
T = TypeVar("T")


def request_id(request: Request) -> str:
    """This request's id."""
    given: str = request.state.request_id
    return given


def one(request: Request, data: T) -> schemas.Envelope[T]:
    """A success with one thing in it."""
    return schemas.Envelope(data=data, meta=schemas.Meta(request_id=request_id(request)))


def many(request: Request, found: Page[V], shape: Callable[[V], T]) -> schemas.PageEnvelope[T]:
    """A page of a list."""
    meta = schemas.PageMeta(
        request_id=request_id(request),
        total=found.total,
        total_is_estimate=found.total_is_estimate,
        next_cursor=found.next_cursor,
    )
    return schemas.PageEnvelope(data=[shape(item) for item in found.items], meta=meta)


def scan(run: Scan) -> schemas.Scan:
    """A run without what is the service's own business: offsets, job ids, storage keys, fences."""
    slots = run.scanner_status
    return schemas.Scan(
        **_same(run, "id project_id kind status trigger url artifact_id platform name retry_of recheck_of"),
        **_same(run, "summary error last_seq"),
        image=run.image or run.only_image,
        **_same(run, "inserted_at started_at finished_at events_removed_at updated_at"),
        org_id=run.team_id,
        scanner_status={name: slot.state for name, slot in slots.items()},
        scanners={name: schemas.Scanner.model_validate(slot) for name, slot in slots.items()},
        coverage=list(run.coverage),
        options=run.options,
        evidence=sorted(run.evidence_keys),
        rematch=_rematch(run.rematch) if run.rematch else None,
    )


def _rematch(told: dict[str, Any]) -> schemas.Rematch:
    return schemas.Rematch.model_validate({name: told[name] for name in schemas.Rematch.model_fields})


def finding(row: FindingRow) -> schemas.Finding:
    """A finding with its assets."""
    return schemas.Finding(
        **_same(row, "id project_id domain rule title description severity severity_by status owner_id confidence"),
        **_same(
            row, "tier ids package cvss epss epss_percentile epss_date kev known_exploited cwes published modified"
        ),
        **_same(row, "ruled_by decision fixed_in fix_state evidence recommended_fix first_scan_id"),
        **_same(row, "last_scan_id first_seen last_seen not_seen_since inserted_at updated_at"),
        org_id=row.team_id,
        status_reason=row.status_reason,
        priority=_priority(row),
        affected_assets=[schemas.Asset.model_validate(asset) for asset in row.assets],
        references=list(row.reference_urls),
    )


def _priority(row: FindingRow) -> schemas.Priority:
    record = row.priority or {}
    return schemas.Priority(
        impact=row.impact_score,
        effort=row.effort_score,
        risk=row.risk_score,
        score=row.priority_score,
        source=record.get("source"),
        formula=record.get("formula"),
        at=record.get("at"),
        factors=record.get("factors", []),
        by_source=record.get("by_source", {}),
    )


def change(row: Change) -> remediation.Change:
    """One entry of a finding's history."""
    return remediation.Change.model_validate(row)


def task(row: Task) -> remediation.Task:
    """A task."""
    return remediation.Task(
        **_same(row, "id project_id finding_id title status priority owner_id sla_due_at external_ticket_key pr_url"),
        **_same(row, "done_at inserted_at updated_at"),
        org_id=row.team_id,
    )


def verification(row: Verification) -> remediation.Verification:
    """A verification without what is the service's own business: job, fence."""
    return remediation.Verification(
        **_same(row, "id project_id task_id finding_id scan_id result reason requested_by attempts"),
        **_same(row, "started_at finished_at reopened_at reopened_by inserted_at updated_at"),
        org_id=row.team_id,
        checks=[remediation.Check.model_validate(check) for check in row.checks],
    )


def regression(row: Regression) -> remediation.Regression:
    """A regression."""
    return remediation.Regression(
        **_same(row, "id project_id finding_id task_id verification_id scan_id trigger closed_at inserted_at"),
        org_id=row.team_id,
    )


def _same(value: object, names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names.split()}
