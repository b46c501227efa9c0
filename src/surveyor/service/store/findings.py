"""Findings, and which scans saw them; what they affect is in ``finding_assets``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Float,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import RowMapping

from surveyor.service.store.database import Session, metadata
from surveyor.service.store.finding_assets import FoundAsset, assets_of, finding_assets

_EMPTY_LIST = text("'[]'")
_SEVERITIES = "'critical', 'high', 'medium', 'low', 'unknown'"
_STATUSES = "'new', 'triaged', 'in_progress', 'ready_verify', 'resolved', 'dismissed'"

findings = Table(
    "findings",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("domain", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("severity", Text, nullable=False),
    Column("severity_by", Text, nullable=False, server_default="rule"),
    Column("status", Text, nullable=False, server_default="new"),
    Column("status_reason", Text),
    Column("resolved_at", DateTime(timezone=True)),
    Column("owner_id", Uuid),
    Column("confidence", Float, nullable=False),
    Column("tier", Text),
    Column("ids", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("package", Text),
    Column("cvss", JSONB, nullable=False, server_default=_EMPTY_LIST),
    Column("epss", Float),
    Column("epss_percentile", Float),
    Column("epss_date", DateTime(timezone=True)),
    Column("kev", Boolean),
    Column("known_exploited", JSONB),
    Column("cwes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("published", DateTime(timezone=True)),
    Column("modified", DateTime(timezone=True)),
    Column("ruled_by", Text),
    Column("decision", JSONB),
    Column("fixed_in", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("fix_state", Text),
    Column("reference_urls", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("impact_score", SmallInteger),
    Column("effort_score", SmallInteger),
    Column("risk_score", SmallInteger),
    Column("priority_score", SmallInteger),
    Column("priority", JSONB),
    Column("recommended_fix", JSONB),
    Column("evidence", JSONB, nullable=False, server_default=_EMPTY_LIST),
    Column("first_scan_id", Uuid, nullable=False),
    Column("last_scan_id", Uuid, nullable=False),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("last_seen", DateTime(timezone=True), nullable=False),
    Column("not_seen_since", DateTime(timezone=True)),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # what lists sort by: unscored after every score, and what nobody has rated or seen exploited after all of those
    Column(
        "priority_order",
        SmallInteger,
        Computed(
            "case when severity = 'unknown' and kev is not true"
            " then coalesce(priority_score, 0) - 102 else coalesce(priority_score, -1) end",
            persisted=True,
        ),
        nullable=False,
    ),
    Column(
        "severity_order",
        SmallInteger,
        Computed(
            "case severity when 'critical' then 4 when 'high' then 3 when 'medium' then 2 when 'low' then 1 else 0 end",
            persisted=True,
        ),
        nullable=False,
    ),
    UniqueConstraint("team_id", "project_id", "domain", "title"),
    CheckConstraint("domain in ('security', 'performance', 'accessibility', 'seo', 'vulnerability')", name="domain"),
    CheckConstraint(
        f"severity in ({_SEVERITIES}) and (severity <> 'unknown' or domain = 'vulnerability')", name="severity"
    ),
    CheckConstraint("severity_by in ('rule', 'person')", name="severity_by"),
    CheckConstraint(f"status in ({_STATUSES})", name="status"),
    CheckConstraint("confidence between 0 and 1", name="confidence"),
    Index("findings_list_idx", "team_id", "project_id", "priority_order", "severity_order", "inserted_at", "id"),
    Index("findings_severity_idx", "team_id", "project_id", "severity_order", "priority_order", "inserted_at", "id"),
    Index("findings_newest_idx", "team_id", "project_id", "inserted_at", "id"),
    Index("findings_last_seen_idx", "team_id", "project_id", "last_seen", "id"),
    # what totals are counted by, without a look at the rows: a list may be narrowed by any of the last three
    Index("findings_count_idx", "team_id", "project_id", "status", "domain", "severity_order"),
    Index("findings_rule_idx", "team_id", "project_id", "rule"),
    # the few that attackers are known to use, in the order of the list
    Index(
        "findings_exploited_idx",
        *("team_id", "project_id", "priority_order", "severity_order", "inserted_at", "id"),
        postgresql_where=text("kev"),
    ),
    Index("findings_ids_idx", "ids", postgresql_using="gin"),
    # words within titles; not there where the server has no pg_trgm
    Index("findings_title_idx", "title", postgresql_using="gin", postgresql_ops={"title": "gin_trgm_ops"}),
)

scan_findings = Table(
    "scan_findings",
    metadata,
    Column("scan_id", Uuid, ForeignKey("audit_scan_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("slot", Text, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding as it stands; priority and EPSS are ``None`` while nobody knows them.

    ``known_exploited`` and ``decision`` are as the scanner's model has them, the latter a file's and not a person's.
    """

    id: UUID
    team_id: UUID
    project_id: UUID
    domain: str
    rule: str
    title: str
    description: str
    severity: str
    severity_by: str
    status: str
    status_reason: str | None
    resolved_at: datetime | None
    owner_id: UUID | None
    confidence: float
    tier: str | None
    ids: tuple[str, ...]
    package: str | None
    cvss: tuple[dict[str, Any], ...]
    epss: float | None
    epss_percentile: float | None
    epss_date: datetime | None
    kev: bool | None
    known_exploited: dict[str, Any] | None
    cwes: tuple[str, ...]
    published: datetime | None
    modified: datetime | None
    ruled_by: str | None
    decision: dict[str, Any] | None
    fixed_in: tuple[str, ...]
    fix_state: str | None
    reference_urls: tuple[str, ...]
    impact_score: int | None
    effort_score: int | None
    risk_score: int | None
    priority_score: int | None
    priority: dict[str, Any] | None
    recommended_fix: dict[str, Any] | None
    evidence: tuple[dict[str, Any], ...]
    first_scan_id: UUID
    last_scan_id: UUID
    first_seen: datetime
    last_seen: datetime
    not_seen_since: datetime | None
    inserted_at: datetime
    updated_at: datetime
    priority_order: int
    severity_order: int
    assets: tuple[FoundAsset, ...] = field(default=())
    #: With the assets of one scope: in how many places it lies beside them, counted to ``ASSETS_SHOWN``.
    elsewhere: int = 0


_LISTS = ("ids", "cvss", "cwes", "fixed_in", "reference_urls", "evidence")


def shape(row: RowMapping, assets: tuple[FoundAsset, ...] = (), elsewhere: int = 0) -> FindingRow:
    """A row of the table as a value."""
    values = dict(row)
    return FindingRow(
        **{**values, **{name: tuple(values[name]) for name in _LISTS}}, assets=assets, elsewhere=elsewhere
    )


async def find(session: Session, team_id: UUID, project_id: UUID, finding_id: UUID) -> FindingRow | None:
    """One finding with its assets."""
    statement = select(findings).where(
        findings.c.id == finding_id, findings.c.team_id == team_id, findings.c.project_id == project_id
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    return shape(row, (await assets_of(session, [finding_id])).get(finding_id, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a finding is called, and how it stands."""

    title: str
    severity: str
    status: str


async def named(session: Session, team_id: UUID, project_id: UUID, ids: Collection[UUID]) -> dict[UUID, Named]:
    """The names of these findings, by id."""
    whose = (findings.c.team_id == team_id) & (findings.c.project_id == project_id) & findings.c.id.in_(ids)
    statement = select(findings.c.id, findings.c.title, findings.c.severity, findings.c.status).where(whose)
    rows = await session.execute(statement)
    return {row.id: Named(title=row.title, severity=row.severity, status=row.status) for row in rows}


async def lock(session: Session, team_id: UUID, project_id: UUID, finding_id: UUID) -> FindingRow | None:
    """One finding without its assets, its row held until the transaction ends."""
    statement = (
        select(findings)
        .where(findings.c.id == finding_id, findings.c.team_id == team_id, findings.c.project_id == project_id)
        .with_for_update()
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return shape(row) if row else None


async def change(session: Session, finding_id: UUID, **values: object) -> None:
    """Write columns of a finding whose row the caller holds; ``updated_at`` follows."""
    await session.execute(
        update(findings).where(findings.c.id == finding_id).values(**values, updated_at=func.clock_timestamp())
    )


async def others_of_rule(session: Session, finding: FindingRow, urls: Collection[str]) -> list[tuple[str, str]]:
    """What else the finding's rule sees on these pages, as (address, title) of findings that are not solved.

    One of the very title is not told: seen again, nobody could say which of them it is, and nothing is proved.
    """
    table, place = findings, finding_assets
    statement = (
        select(place.c.value, table.c.title)
        .join(place, place.c.finding_id == table.c.id)
        .where(
            table.c.team_id == finding.team_id,
            table.c.project_id == finding.project_id,
            table.c.rule == finding.rule,
            table.c.title != finding.title,
            table.c.status != "resolved",
            table.c.not_seen_since.is_(None),
            place.c.type == "url",
            place.c.value.in_(urls),
        )
        .distinct()
    )
    return [(row.value, row.title) for row in await session.execute(statement)]


async def is_seen_by(session: Session, finding_id: UUID, scan_id: UUID) -> bool:
    """Whether a scan saw a finding."""
    table = scan_findings
    statement = select(table.c.scan_id).where(table.c.finding_id == finding_id, table.c.scan_id == scan_id).limit(1)
    return (await session.execute(statement)).first() is not None


async def count_by_severity(session: Session, scan_id: UUID) -> dict[str, int]:
    """How many findings a scan saw, every severity named so that nobody guesses a zero."""
    counted = (
        select(findings.c.severity, func.count().label("counted"))
        .join(scan_findings, scan_findings.c.finding_id == findings.c.id)
        .where(scan_findings.c.scan_id == scan_id)
        .group_by(findings.c.severity)
    )
    known = {row.severity: row.counted for row in await session.execute(counted)}
    return {name: known.get(name, 0) for name in ("critical", "high", "medium", "low", "unknown")}
