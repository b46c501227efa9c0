"""Findings, what they affect, and which scans saw them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import RowMapping

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

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
    Column("owner_id", Uuid),
    Column("confidence", Float, nullable=False),
    Column("tier", Text),
    Column("ids", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("package", Text),
    Column("cvss", JSONB, nullable=False, server_default=_EMPTY_LIST),
    Column("epss", Float),
    Column("kev", Boolean),
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
    # what lists sort by: unscored after every score, unrated after every rating
    Column("priority_order", SmallInteger, Computed("coalesce(priority_score, -1)", persisted=True), nullable=False),
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
    Index("findings_ids_idx", "ids", postgresql_using="gin"),
)

finding_assets = Table(
    "finding_assets",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), nullable=False),
    # who may replace this row: the next scan of the same scope by the same scanner
    Column("project_id", Uuid, nullable=False),
    Column("scope", Text, nullable=False),
    Column("slot", Text, nullable=False),
    # sha256 over what follows, since paths are longer than an index entry may be
    Column("identity", LargeBinary, nullable=False),
    Column("type", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("artifact", Text),
    Column("path", Text),
    Column("layer", Text),
    Column("detected_by_scan", Uuid, nullable=False),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("last_seen", DateTime(timezone=True), nullable=False),
    UniqueConstraint("finding_id", "identity"),
    Index("finding_assets_scope_idx", "project_id", "slot", "scope"),
)

scan_findings = Table(
    "scan_findings",
    metadata,
    Column("scan_id", Uuid, ForeignKey("audit_scan_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("slot", Text, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAsset:
    """One thing a finding affects, and the scan that saw it last."""

    type: str
    value: str
    artifact: str | None
    path: str | None
    layer: str | None
    scope: str
    slot: str
    detected_by_scan: UUID
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding as it stands; priority and EPSS are ``None`` while nobody knows them."""

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
    owner_id: UUID | None
    confidence: float
    tier: str | None
    ids: tuple[str, ...]
    package: str | None
    cvss: tuple[dict[str, Any], ...]
    epss: float | None
    kev: bool | None
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


_LISTS = ("ids", "cvss", "fixed_in", "reference_urls", "evidence")


def _finding(row: RowMapping, assets: tuple[FoundAsset, ...] = ()) -> FindingRow:
    values = dict(row)
    return FindingRow(**{**values, **{name: tuple(values[name]) for name in _LISTS}}, assets=assets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list may be narrowed by; ``text`` is looked for in titles and rules, ``seen`` leaves out what is gone."""

    severity: str | None = None
    status: str | None = None
    domain: str | None = None
    rule: str | None = None
    text: str | None = None
    scan_id: UUID | None = None
    seen: bool | None = None


def of_project(team_id: UUID, project_id: UUID, wanted: Filter) -> Select[Any]:
    """A project's findings, most urgent first: priority, then severity, then the newest."""
    table = findings
    statement = select(table).where(table.c.team_id == team_id, table.c.project_id == project_id)
    for name in ("severity", "status", "domain", "rule"):
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(table.c[name] == value)
    if wanted.text:
        statement = statement.where(
            table.c.title.icontains(wanted.text, autoescape=True) | (table.c.rule == wanted.text)
        )
    if wanted.seen is not None:
        statement = statement.where(
            table.c.not_seen_since.is_(None) if wanted.seen else table.c.not_seen_since.is_not(None)
        )
    if wanted.scan_id is not None:
        statement = statement.where(
            table.c.id.in_(select(scan_findings.c.finding_id).where(scan_findings.c.scan_id == wanted.scan_id))
        )
    return statement.order_by(*(column.desc() for column in _ORDER))


_ORDER = (findings.c.priority_order, findings.c.severity_order, findings.c.inserted_at, findings.c.id)


async def page(session: Session, rows: Select[Any], *, limit: int, after: str | None) -> cursor.Page[FindingRow]:
    """One page of findings with their assets."""
    total, estimated = await cursor.total_of(session, rows)
    if after:
        rows = rows.where(tuple_(*_ORDER) < cursor.decode(after, int, int, datetime, UUID))
    found = list((await session.execute(rows.limit(limit + 1))).mappings())
    assets = await _assets(session, [row["id"] for row in found[:limit]])
    items = tuple(_finding(row, assets.get(row["id"], ())) for row in found[:limit])
    more = None
    if len(found) > limit:
        last = items[-1]
        more = cursor.encode(last.priority_order, last.severity_order, last.inserted_at, last.id)
    return cursor.Page(items=items, total=total, total_is_estimate=estimated, next_cursor=more)


async def find(session: Session, team_id: UUID, project_id: UUID, finding_id: UUID) -> FindingRow | None:
    """One finding with its assets."""
    statement = select(findings).where(
        findings.c.id == finding_id, findings.c.team_id == team_id, findings.c.project_id == project_id
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    return _finding(row, (await _assets(session, [finding_id])).get(finding_id, ()))


#: How many assets of one finding are shown with it, the last seen first.
ASSETS_SHOWN = 100
_ASSET_COLUMNS = tuple(item.name for item in fields(FoundAsset))


async def _assets(session: Session, finding_ids: list[UUID]) -> dict[UUID, tuple[FoundAsset, ...]]:
    if not finding_ids:
        return {}
    table = finding_assets
    place = func.row_number().over(partition_by=table.c.finding_id, order_by=(table.c.last_seen.desc(), table.c.id))
    shown = (table.c.finding_id, *(table.c[name] for name in _ASSET_COLUMNS), place.label("place"))
    ranked = select(*shown).where(table.c.finding_id.in_(finding_ids)).subquery()
    first = select(ranked).where(ranked.c.place <= ASSETS_SHOWN).order_by(ranked.c.finding_id, ranked.c.place)
    grouped: dict[UUID, list[FoundAsset]] = {}
    for row in (await session.execute(first)).mappings():
        grouped.setdefault(row["finding_id"], []).append(FoundAsset(**{name: row[name] for name in _ASSET_COLUMNS}))
    return {key: tuple(value) for key, value in grouped.items()}


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
