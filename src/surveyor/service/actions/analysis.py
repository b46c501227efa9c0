"""The analysis of a run by a model: what is asked about, and what of the answer may be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from surveyor.remedy.priority import bounded
from surveyor.scan.model import Asset, Cvss, Domain, Evidence, Finding, Severity
from surveyor.service.actions import clock, intake, llm, runs
from surveyor.service.store import analysis as store
from surveyor.service.store import events, finding_lists, findings, llm_calls, scans, sightings
from surveyor.service.store.analysis import Written
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.events import NewEvent
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.scans import Scan

if TYPE_CHECKING:
    from surveyor.llm.analyse import Analysis, Context, Subject

_VALUES = ("impact", "effort", "risk", "score")
_NOT_LOOKED = frozenset({"failed", "missing", "partial", "not_configured"})
#: Findings that are read for one analysis: as many as are ever asked about.
FINDINGS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A run that waits for its analysis, and its findings, the most urgent first."""

    scan: Scan
    rows: tuple[FindingRow, ...]
    counts: dict[str, int]


async def begin(sessions: Sessions, scan_id: UUID) -> Brief | None:
    """Start the analysis of a run that waits for it; ``None`` when there is nothing to do, such as a second time."""
    async with sessions() as session, session.begin():
        scan = await scans.lock(session, scan_id)
        if scan is None or scan.status != "running" or scan.analysis_enqueued_at is None:
            return None
        counts = await findings.count_by_severity(session, scan_id)
        wanted = finding_lists.of_project(scan.team_id, scan.project_id, Filter(scan_id=scan_id))
        rows = (await finding_lists.page(session, wanted, limit=FINDINGS, after=None)).items
        start = NewEvent(ts=clock.now(), stage="analysis.start", detail=f"findings={sum(counts.values())}")
        await events.append(session, scan_id, [start])
    return Brief(scan=scan, rows=rows, counts=counts)


def material(brief: Brief) -> tuple[Context, list[Subject]]:
    """What the model is asked about, as the scanner's own values."""
    from surveyor.llm.analyse import Context, Subject

    scan = brief.scan
    context = Context(
        target=scan.url or scan.name or scan.kind,
        kind=scan.kind,
        counts=brief.counts,
        computed_health=scan.summary.get("computed_health"),
        not_looked=[
            f"{entry.get('what')}: {entry.get('reason') or entry.get('state')}"
            for entry in scan.coverage
            if entry.get("state") in _NOT_LOOKED
        ],
    )
    return context, [
        Subject(key=str(row.id), finding=_finding(row), formula=_formula(row.priority)) for row in brief.rows
    ]


def _finding(row: FindingRow) -> Finding:
    return Finding(
        domain=Domain(row.domain),
        rule=row.rule,
        title=row.title,
        severity=Severity(row.severity),
        description=row.description,
        cvss=tuple(
            Cvss(version=str(item.get("version")), vector=str(item.get("vector")), score=item.get("score"))
            for item in row.cvss
        ),
        epss=row.epss,
        kev=row.kev,
        package=row.package,
        assets=tuple(Asset(type=asset.type, value=asset.value) for asset in row.assets),
        fixed_in=row.fixed_in,
        fix_state=row.fix_state,
        confidence=row.confidence,
        evidence=tuple(
            Evidence(kind=str(item.get("kind")), value=str(item.get("value")), where=item.get("where"))
            for item in row.evidence
        ),
    )


def _formula(record: Mapping[str, Any] | None) -> dict[str, int | None]:
    told: Mapping[str, Any] = ((record or {}).get("by_source") or {}).get("formula") or {}
    return {name: told.get(name) for name in _VALUES}


async def finish(sessions: Sessions, brief: Brief, found: Analysis) -> bool:
    """Write an analysis and end its run in one transaction; ``False`` when the run had ended already.

    Every try is in the ledger either way: what was spent was spent.
    """
    scan = brief.scan
    async with sessions() as session, session.begin():
        whose = {"team_id": scan.team_id, "project_id": scan.project_id, "subject_id": scan.id}
        await llm_calls.add(session, **whose, calls=llm.calls(found.trail))
        await sightings.hold_project(session, scan.project_id)
        held = await scans.lock(session, scan.id)
        if held is None or held.status != "running":
            return False
        if not found.judged and found.summary is None:
            why = "; ".join(found.failures) or "the model judged nothing"
            await runs.end_unanalysed(session, held, reason="unanswered", detail=why[:1_000])
            return True
        await _write(session, found, at=clock.now())
        await _end(session, held, found, sum(brief.counts.values()))
    return True


async def _end(session: Session, scan: Scan, found: Analysis, asked: int) -> None:
    whole = len(found.judged) == asked and not found.failures
    detail = f"{found.model} judged {len(found.judged)} of {asked} findings"
    if found.failures:
        detail = f"{detail}; {'; '.join(found.failures)}"
    entry = {
        "what": "analysis",
        "state": "looked" if whole else "partial",
        "detail": intake.clean(detail, 1_000),
        "count": len(found.judged),
        "slot": "analysis",
    }
    await scans.change(session, scan.id, coverage=[*scan.coverage, entry])
    done = NewEvent(ts=clock.now(), stage="analysis.done", detail=entry["detail"], data={"model": found.model})  # type: ignore[arg-type]
    await events.append(session, scan.id, [done])
    said = {
        name: value
        for name, value in (("health_score", found.health_score), ("summary", found.summary))
        if value is not None
    }
    if found.model is not None and said:
        said["model"] = intake.clean(found.model, 200)
    await runs.end(session, scan, await findings.count_by_severity(session, scan.id), said=said)


async def _write(session: Session, found: Analysis, *, at: datetime) -> None:
    """The model's values and fixes, judged once more against the findings as they are now."""
    judged = {UUID(one.key): one for one in found.judged}
    written = []
    for row in await store.standing(session, list(judged)):
        one = judged[row.id]
        formula = _formula(row.priority)
        values = {name: bounded(formula[name], getattr(one.scores, name)) for name in _VALUES}
        fix = None
        if one.fix is not None:
            fix = {"summary": one.fix.summary, "steps": list(one.fix.steps), "source": "model", "model": found.model}
        written.append(stand(row.id, row.priority, values, fix=fix, model=found.model, at=at))
    await store.write(session, written)


def stand(
    finding_id: UUID,
    held: Mapping[str, Any] | None,
    values: dict[str, int],
    *,
    fix: dict[str, Any] | None,
    model: str | None,
    at: datetime,
) -> Written:
    """What stands after a model spoke: its values, unless a person has set one; every source's word is kept."""
    record = dict(held or {})
    by_source = {**(record.get("by_source") or {}), "model": {**values, "model": model, "at": at.isoformat()}}
    by_person = record.get("source") == "person"
    record = {**record, "source": "person" if by_person else "model", "by_source": by_source}
    return Written(id=finding_id, values=None if by_person else values, record=record, fix=fix)
