"""How a project stands, as values for reports and summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from surveyor.remedy import health
from surveyor.scan.model import INCOMPLETE, CoverageState
from surveyor.service.actions import intake, slots
from surveyor.service.documents.model import (
    DOMAINS,
    OPEN,
    SEVERITIES,
    Asset,
    Day,
    Entry,
    Finding,
    Metrics,
    ProjectReport,
    Target,
)
from surveyor.service.documents.rules import together
from surveyor.service.errors import InvalidParams
from surveyor.service.store import standing
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.finding_assets import artifact_name
from surveyor.service.store.scans import Scan
from surveyor.service.store.standing import Listed, Proofs
from surveyor.service.store.teams import Project, Team

DAYS = 7
MOST_DAYS = 366
#: Nothing was scanned before it.
EARLIEST = date(2000, 1, 1)
ENTRIES = 50
#: States worth a line of a report, in the order of their weight.
_NOT_LOOKED = (*sorted(INCOMPLETE), CoverageState.SKIPPED, CoverageState.NOT_CONFIGURED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A project between two days, both included; a rate is ``None`` while there is nothing to take it from."""

    date_from: date
    date_to: date
    risk_burn_down: tuple[Day, ...]
    open_findings: int
    open_risk_score: int
    unscored: int
    verification_pass_rate: float | None
    verifications: int
    regression_rate: float | None
    regressions: int


async def summary(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, now: datetime, first: date | None, last: date | None
) -> Summary:
    """The numbers of a range of days in UTC; the last seven unless given.

    Open findings and risk are those at the end of the last day; InvalidParams for days that make no range.
    """
    first, last = _range(now.astimezone(UTC).date(), first, last)
    async with sessions() as session, session.begin():
        await standing.same_moment(session)
        days = await _days(session, team_id, project_id, first, last)
        groups = await standing.groups(session, team_id, project_id)
        proofs = await standing.proofs(session, team_id, project_id, first, last)
    return Summary(
        date_from=first,
        date_to=last,
        risk_burn_down=days,
        open_findings=days[-1].open_findings,
        open_risk_score=days[-1].open_risk_score,
        unscored=sum(group.unscored for group in groups if group.status in OPEN),
        verification_pass_rate=_pass_rate(proofs),
        verifications=proofs.verified,
        regression_rate=_regression_rate(proofs),
        regressions=proofs.came_back,
    )


def _range(today: date, first: date | None, last: date | None) -> tuple[date, date]:
    for name, day in (("date_from", first), ("date_to", last)):
        if day is not None and day < EARLIEST:
            raise InvalidParams(f"{name} is before {EARLIEST}", details={name: ["range"]})
    last = last or (today if first is None else max(first, today))
    first = first or last - timedelta(days=DAYS - 1)
    if last > today:
        raise InvalidParams("date_to is a day that has not come yet (UTC)", details={"date_to": ["future"]})
    if first > last:
        raise InvalidParams("date_from is after date_to", details={"date_from": ["order"]})
    if (last - first).days >= MOST_DAYS:
        raise InvalidParams(f"a range of at most {MOST_DAYS} days", details={"date_from": ["range"]})
    return first, last


async def _days(session: Session, team_id: UUID, project_id: UUID, first: date, last: date) -> tuple[Day, ...]:
    ends = await standing.day_ends(session, team_id, project_id, first, last)
    return tuple(Day(date=end.date, open_risk_score=end.score, open_findings=end.count) for end in ends)


def _pass_rate(proofs: Proofs) -> float | None:
    return round(proofs.passed / proofs.verified, 4) if proofs.verified else None


def _regression_rate(proofs: Proofs) -> float | None:
    return round(proofs.came_back / proofs.once_resolved, 4) if proofs.once_resolved else None


async def metrics(session: Session, team_id: UUID, project_id: UUID, now: datetime) -> Metrics:
    """A project's numbers at this moment."""
    groups = await standing.groups(session, team_id, project_id)
    live = [group for group in groups if group.status in OPEN]
    today = now.astimezone(UTC).date()
    days = await _days(session, team_id, project_id, today - timedelta(days=DAYS - 1), today)
    proofs = await standing.proofs(session, team_id, project_id, None, None)
    by_severity: Counter[str] = Counter()
    by_domain = {domain: dict.fromkeys(SEVERITIES, 0) for domain in DOMAINS}
    by_status: Counter[str] = Counter()
    for group in live:
        by_severity[group.severity] += group.count
        by_domain[group.domain][group.severity] += group.count
    for group in groups:
        by_status[group.status] += group.count
    looked = await standing.ever_looked(session, team_id, project_id)
    return Metrics(
        taken_at=now,
        findings=sum(group.count for group in groups),
        open_findings=sum(group.count for group in live),
        unscored=sum(group.unscored for group in live),
        not_seen=sum(group.not_seen for group in live),
        open_risk_score=sum(group.score for group in live),
        computed_health=health.computed(by_severity, looked=looked),
        unrated=by_severity["unknown"],
        by_severity={name: by_severity[name] for name in SEVERITIES},
        by_domain=by_domain,
        by_status={name: by_status[name] for name in (*OPEN, "resolved", "dismissed")},
        verification_pass_rate=_pass_rate(proofs),
        regression_rate=_regression_rate(proofs),
        risk_burn_down=days,
    )


async def report(
    session: Session, *, report_id: UUID, team: Team, project: Project, numbers: Metrics, now: datetime, limit: int
) -> ProjectReport:
    """Everything that a file holds; the caller's transaction makes it of one moment."""
    listed, total = await standing.all_findings(session, team.id, project.id, limit=limit)
    scans, targets = await standing.newest_scans(session, team.id, project.id)
    looked = sorted((_target(scan) for scan in scans), key=lambda target: (target.complete, target.name))
    return ProjectReport(
        id=report_id,
        team=team.name,
        project=project.name,
        generated_at=now,
        metrics=numbers,
        findings=tuple(_finding(row) for row in listed),
        findings_total=total,
        targets=tuple(looked),
        targets_total=targets,
    )


def _finding(row: Listed) -> Finding:
    values: dict[str, Any] = {name: getattr(row, name) for name in _SAME}
    values |= {name: tuple(getattr(row, name)) for name in _LISTS}
    return Finding(
        **values,
        references=tuple(row.reference_urls),
        assets=tuple(
            Asset(
                type=kind or "",
                value=value or "",
                artifact_name=artifact_name(scope or ""),
                artifact=artifact,
                path=path,
                layer=layer,
            )
            for kind, value, artifact, path, layer, scope in row.assets
        ),
    )


_LISTS = ("ids", "fixed_in", "cvss", "evidence")
_SAME = (
    *("id", "domain", "rule", "title", "description", "severity", "status", "confidence", "tier"),
    *("impact_score", "effort_score", "risk_score", "priority_score", "package", "fix_state", "epss", "kev"),
    *("recommended_fix", "first_seen", "last_seen", "not_seen_since", "assets_total"),
)


def _target(scan: Scan) -> Target:
    """A run as a report tells it: only what was not looked at."""
    told = {str(entry.get("what")) for entry in scan.coverage}
    entries = [_entry(entry) for entry in together(scan.coverage) if entry.get("state") in _NOT_LOOKED]
    entries += [
        Entry(
            what=f"slot.{name}",
            state=_slot_state(slot.reason),
            reason=slot.reason,
            why=slot.reason,
            where=None,
            count=None,
        )
        for name, slot in scan.scanner_status.items()
        if slot.state != "done" and f"slot.{name}" not in told
    ]
    entries = list(dict.fromkeys(entries))  # of one thing each scanner that wanted it tells
    entries.sort(key=lambda entry: _NOT_LOOKED.index(CoverageState(entry.state)))
    gaps = any(entry.state in INCOMPLETE for entry in entries) or scan.summary.get("scan_status") == "partial"
    return Target(
        name=scan.name or scan.url or str(scan.artifact_id),
        kind=scan.kind,
        scan_id=scan.id,
        scanned_at=scan.finished_at or scan.updated_at,
        status=scan.status,
        complete=scan.status == "done" and not gaps,
        not_set_up=tuple(sorted({entry.what for entry in entries if entry.state == CoverageState.NOT_CONFIGURED})),
        entries=tuple(entries[:ENTRIES]),
        entries_total=len(entries),
        measurements=intake.measured(scan.summary.get(slots.MEASUREMENTS)),
    )


def _slot_state(reason: str | None) -> str:
    return "not_configured" if reason == "not_configured" else "failed"


def _entry(entry: Mapping[str, Any]) -> Entry:
    layer = str(entry["layer"])[:19] if entry.get("layer") else None
    where = [str(part) for part in (entry.get("path"), layer and f"layer {layer}", entry.get("asset")) if part]
    count = entry.get("count")
    return Entry(
        what=str(entry.get("what", "")),
        state=str(entry["state"]),
        reason=entry.get("reason"),
        why=entry.get("detail") or entry.get("reason"),
        where=", ".join(where) or None,
        count=count if isinstance(count, int) else None,
    )
