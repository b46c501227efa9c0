"""What findings affect: a row for each thing in each place, and the scan that saw it there last."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
)

from surveyor.service.store.database import Session, metadata

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
    # by hash, since a value may be longer than an ordered index can hold
    Index("finding_assets_value_idx", "value", postgresql_using="hash"),
    # ordered, since all that one artifact has shares its scope: a hash puts them in one chain that each insert walks
    Index("finding_assets_named_idx", "project_id", "scope"),
)

#: How many of one finding are shown with it, the last seen first.
ASSETS_SHOWN = 100
#: What the scope of an artifact begins with; the rest is the name it was scanned by.
_ARTIFACT = "artifact:"


def artifact_name(scope: str) -> str | None:
    """What people call the artifact that a scope is about; nothing where it is about a page."""
    return scope.removeprefix(_ARTIFACT) if scope.startswith(_ARTIFACT) else None


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

    @property
    def artifact_name(self) -> str | None:
        """What people call the artifact it is in."""
        return artifact_name(self.scope)


async def places(session: Session, finding_id: UUID, *, limit: int) -> list[tuple[str, str, str]]:
    """What a finding affects, as (type, value, scope) without doubles, in a fixed order."""
    table = finding_assets
    columns = (table.c.type, table.c.value, table.c.scope)
    statement = select(*columns).where(table.c.finding_id == finding_id).distinct().order_by(*columns).limit(limit)
    return [(row.type, row.value, row.scope) for row in await session.execute(statement)]


_ASSET_COLUMNS = tuple(item.name for item in fields(FoundAsset))


async def assets_of(
    session: Session, finding_ids: list[UUID], *, scope: str | None = None
) -> dict[UUID, tuple[FoundAsset, ...]]:
    """What these findings affect, the first of each; with a scope only what lies in it."""
    if not finding_ids:
        return {}
    table = finding_assets
    place = func.row_number().over(partition_by=table.c.finding_id, order_by=(table.c.last_seen.desc(), table.c.id))
    shown = (table.c.finding_id, *(table.c[name] for name in _ASSET_COLUMNS), place.label("place"))
    held = select(*shown).where(table.c.finding_id.in_(finding_ids))
    ranked = (held if scope is None else held.where(table.c.scope == scope)).subquery()
    first = select(ranked).where(ranked.c.place <= ASSETS_SHOWN).order_by(ranked.c.finding_id, ranked.c.place)
    grouped: dict[UUID, list[FoundAsset]] = {}
    for row in (await session.execute(first)).mappings():
        grouped.setdefault(row["finding_id"], []).append(FoundAsset(**{name: row[name] for name in _ASSET_COLUMNS}))
    return {key: tuple(value) for key, value in grouped.items()}


async def elsewhere(session: Session, finding_ids: list[UUID], scope: str) -> dict[UUID, int]:
    """In how many places outside of a scope each of these findings lies, counted to ``ASSETS_SHOWN``."""
    values = {"ids": finding_ids, "scope": scope, "most": ASSETS_SHOWN}
    return {row.id: row.places for row in await session.execute(_ELSEWHERE, values)}


_ELSEWHERE = text("""
select f.id, (select count(*) from (select from finding_assets a
                                     where a.finding_id = f.id and a.scope <> :scope limit :most) o) as places
  from unnest(cast(:ids as uuid[])) as f (id)""")
