"""The inventory of each artifact scan, kept so that new advisories can be matched without the artifact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb
from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Table, Text, Uuid, any_, cast, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import RowMapping

from surveyor.scan.advise import concern
from surveyor.scan.model import Distro, Evidence, Location, Package, Presence, SourcePackage, Tier
from surveyor.service.store.database import Session, driver, metadata

scan_packages = Table(
    "scan_packages",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("scan_id", Uuid, ForeignKey("audit_scan_runs.id", ondelete="CASCADE"), nullable=False),
    Column("purl", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("namespace", Text),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("presence", Text, nullable=False),
    Column("found_by", Text, nullable=False),
    Column("state", Text),
    Column("licenses", ARRAY(Text), nullable=False),
    Column("locations", JSONB, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("source", JSONB),
    Column("distro", JSONB),
    Column("owner", Text),
    # the number of what advisories call it (scan.advise.concern); not there until it is taken
    Column("concern", BigInteger),
    Index(None, "scan_id", "id"),
    # what changed advisories look through: entries of one number are one, so it is a tenth of an index of names
    Index(None, "concern"),
    Index("scan_packages_unnumbered_idx", "id", postgresql_where=text("concern is null")),
)

_COPY = (
    "copy scan_packages (scan_id, purl, type, namespace, name, version, tier, presence, found_by, state, licenses,"
    " locations, evidence, source, distro, owner, concern) from stdin"
)


async def add(session: Session, scan_id: UUID, packages: Iterable[Package]) -> None:
    """Store a scan's packages by COPY, in the caller's transaction."""
    connection = await driver(session)
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for package in packages:
            await copy.write_row(_row(scan_id, package))


async def of_scan(session: Session, scan_id: UUID, package_type: str) -> list[Package]:
    """A scan's packages of one PURL type, as they were found."""
    table = scan_packages
    statement = select(table).where(table.c.scan_id == scan_id, table.c.type == package_type).order_by(table.c.id)
    return [_package(row) for row in (await session.execute(statement)).mappings()]


async def whole(session: Session, scan_ids: Sequence[UUID]) -> dict[UUID, list[Package]]:
    """All packages of several scans, as they were found."""
    table, found = scan_packages, dict[UUID, list[Package]]()
    statement = select(table).where(table.c.scan_id == any_(cast(list(scan_ids), ARRAY(Uuid)))).order_by(table.c.id)
    for row in (await session.execute(statement)).mappings():
        found.setdefault(row["scan_id"], []).append(_package(row))
    return found


async def number(session: Session, *, limit: int) -> int:
    """Give packages that have none yet their number: those of before numbers were kept, or of other rules; how many."""
    table = scan_packages
    statement = select(table).where(table.c.concern.is_(None)).order_by(table.c.id).limit(limit)
    rows = (await session.execute(statement.with_for_update(skip_locked=True))).mappings().all()
    numbers = {row["id"]: concern.number_of(_package(row)) for row in rows}
    if numbers:
        await session.execute(_NUMBER, {"ids": list(numbers), "numbers": list(numbers.values())})
    return len(numbers)


_NUMBER = text("""
update scan_packages p set concern = n.number
  from unnest(cast(:ids as bigint[]), cast(:numbers as bigint[])) as n(id, number) where p.id = n.id""")


async def any_of(session: Session, scan_id: UUID) -> bool:
    """Whether a scan's inventory holds anything."""
    statement = select(select(scan_packages.c.id).where(scan_packages.c.scan_id == scan_id).exists())
    return bool((await session.execute(statement)).scalar_one())


def _package(row: RowMapping) -> Package:
    return Package(
        purl=row["purl"],
        type=row["type"],
        namespace=row["namespace"],
        name=row["name"],
        version=row["version"],
        licenses=tuple(row["licenses"]),
        locations=tuple(Location(**location) for location in row["locations"]),
        evidence=tuple(Evidence(**item) for item in row["evidence"]),
        tier=Tier(row["tier"]),
        presence=Presence(row["presence"]),
        found_by=row["found_by"],
        source=SourcePackage(**row["source"]) if row["source"] else None,
        distro=Distro(**row["distro"]) if row["distro"] else None,
        state=row["state"],
        owner=row["owner"],
    )


def _row(scan_id: UUID, package: Package) -> tuple[object, ...]:
    return (
        scan_id,
        package.purl,
        package.type,
        package.namespace,
        package.name,
        package.version,
        package.tier.value,
        package.presence.value,
        package.found_by,
        package.state,
        list(package.licenses),
        _json([asdict(location) for location in package.locations]),
        _json([asdict(item) for item in package.evidence]),
        _json(asdict(package.source)) if package.source else None,
        _json(asdict(package.distro)) if package.distro else None,
        package.owner,
        concern.number_of(package),
    )


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=orjson.dumps)
