"""Writes what one scan saw into findings and their assets; a re-run replaces its own detections and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Text, and_, any_, case, cast, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from surveyor.service.store.database import Session
from surveyor.service.store.finding_assets import finding_assets
from surveyor.service.store.findings import findings, scan_findings

#: Columns that the newest detection overwrites; status and owner are not among them, priority is written after it.
_DETECTED = (
    "rule",
    "description",
    "confidence",
    "tier",
    "ids",
    "package",
    "cvss",
    "epss",
    "epss_percentile",
    "epss_date",
    "kev",
    "known_exploited",
    "cwes",
    "published",
    "modified",
    "ruled_by",
    "decision",
    "fixed_in",
    "fix_state",
    "reference_urls",
    "evidence",
    "last_scan_id",
    "last_seen",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and by whom things were seen: rows of the same scope and slot are this scan's to replace.

    ``scope`` is ``url:…`` or ``artifact:…``, at most 1,000 characters. ``at`` is when it is written, ``looked`` when
    somebody looked, where that was earlier.
    """

    team_id: UUID
    project_id: UUID
    scan_id: UUID
    slot: str
    scope: str
    at: datetime
    looked: datetime | None = None

    @property
    def seen(self) -> datetime:
        """When what is written was seen."""
        return self.looked or self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAsset:
    """One thing affected; type, value and path make its identity, so a rebuilt layer is the same asset."""

    type: str
    value: str
    artifact: str | None
    path: str | None
    layer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One finding as columns, with what it affects; ``columns`` also holds domain, title and severity."""

    domain: str
    title: str
    severity: str
    ids: tuple[str, ...]
    columns: dict[str, Any]
    assets: tuple[SeenAsset, ...]


async def hold_project(session: Session, project_id: UUID) -> None:
    """Let one scan at a time write into a project's findings until the transaction ends: no deadlock, no double row."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:project, 1))"), {"project": str(project_id)}
    )


async def rename(session: Session, place: Place, seen: Sequence[Sighting]) -> None:
    """Give rows whose vulnerability is now known by another id their new title, instead of a second row beside them.

    A row is the same when the part after the id is, and one of the ids.
    """
    vulnerabilities = [sighting for sighting in seen if sighting.domain == "vulnerability" and sighting.ids]
    if not vulnerabilities:
        return
    wanted = sorted({alias for sighting in vulnerabilities for alias in sighting.ids})
    asked = [sighting.title for sighting in vulnerabilities]
    known = await session.execute(
        select(findings.c.id, findings.c.title, findings.c.ids).where(
            findings.c.team_id == place.team_id,
            findings.c.project_id == place.project_id,
            findings.c.domain == "vulnerability",
            or_(findings.c.ids.op("&&")(wanted), findings.c.title == any_(cast(asked, ARRAY(Text)))),
        )
    )
    titles: set[str] = set()
    by_alias: dict[tuple[str, str], tuple[UUID, str]] = {}
    for row_id, title, ids in known:
        titles.add(title)
        by_alias.update({(_subject(title), alias): (row_id, title) for alias in ids})
    for sighting in vulnerabilities:
        if sighting.title in titles:
            continue
        found = next(
            (by_alias[key] for alias in sighting.ids if (key := (_subject(sighting.title), alias)) in by_alias), None
        )
        if found is not None:
            await session.execute(update(findings).where(findings.c.id == found[0]).values(title=sighting.title))
            titles.add(sighting.title)


def _subject(title: str) -> str:
    return title.partition(": ")[2]


async def upsert(session: Session, place: Place, seen: Sequence[Sighting]) -> dict[tuple[str, str], UUID]:
    """Insert findings or refresh the rows of the same domain and title; ids by domain and title.

    A severity that a person set stays, as do status and owner.
    """
    if not seen:
        return {}
    rows = [
        {
            **sighting.columns,
            "team_id": place.team_id,
            "project_id": place.project_id,
            "first_scan_id": place.scan_id,
            "last_scan_id": place.scan_id,
            "first_seen": place.seen,
            "last_seen": place.seen,
        }
        for sighting in seen
    ]
    statement = insert(findings)
    new = statement.excluded
    by_person = findings.c.severity_by == "person"
    refreshed = {name: new[name] for name in _DETECTED} | {
        "severity": case((by_person, findings.c.severity), else_=new.severity),
        "recommended_fix": func.coalesce(new.recommended_fix, findings.c.recommended_fix),
        "not_seen_since": None,
        "updated_at": place.at,
    }
    key = ["team_id", "project_id", "domain", "title"]
    returning = statement.on_conflict_do_update(index_elements=key, set_=refreshed).returning(
        findings.c.id, findings.c.domain, findings.c.title
    )
    return {(domain, title): found for found, domain, title in await session.execute(returning, rows)}


async def solved(session: Session, finding_ids: Sequence[UUID], *, before: datetime) -> list[UUID]:
    """Which of these findings were solved before a moment; the caller's transaction holds their rows."""
    statement = select(findings.c.id).where(
        findings.c.id.in_(finding_ids),
        findings.c.status == "resolved",
        or_(findings.c.resolved_at.is_(None), findings.c.resolved_at < before),
    )
    return list((await session.execute(statement)).scalars())


async def take_up(session: Session, place: Place, finding_ids: Sequence[UUID], *, status: str) -> None:
    """Give solved findings that are there again an open status."""
    values = {"status": status, "status_reason": None, "resolved_at": None, "updated_at": place.at}
    await session.execute(update(findings).where(findings.c.id.in_(finding_ids)).values(values))


async def new_critical(session: Session, place: Place, finding_ids: Iterable[UUID]) -> list[UUID]:
    """Which of these findings are critical and were never seen before this look of the scan, by title."""
    statement = (
        select(findings.c.id)
        .where(
            findings.c.id.in_(list(finding_ids)),
            findings.c.first_scan_id == place.scan_id,
            findings.c.first_seen == place.seen,
            findings.c.severity == "critical",
        )
        .order_by(findings.c.title, findings.c.id)
    )
    return list((await session.execute(statement)).scalars())


async def place_assets(session: Session, place: Place, assets: Iterable[tuple[UUID, SeenAsset]]) -> None:
    """Insert what findings affect, or say that it was seen again."""
    rows: dict[tuple[UUID, bytes], dict[str, Any]] = {}
    for finding_id, asset in assets:
        identity = _identity(place, asset)
        rows[finding_id, identity] = {
            "finding_id": finding_id,
            "project_id": place.project_id,
            "scope": place.scope,
            "slot": place.slot,
            "identity": identity,
            "type": asset.type,
            "value": asset.value,
            "artifact": asset.artifact,
            "path": asset.path,
            "layer": asset.layer,
            "detected_by_scan": place.scan_id,
            "first_seen": place.seen,
            "last_seen": place.seen,
        }
    if not rows:
        return
    statement = insert(finding_assets)
    again = {name: statement.excluded[name] for name in ("artifact", "layer", "detected_by_scan", "last_seen")}
    merged = statement.on_conflict_do_update(index_elements=["finding_id", "identity"], set_=again)
    await session.execute(merged, list(rows.values()))


def _identity(place: Place, asset: SeenAsset) -> bytes:
    return hashlib.sha256(orjson.dumps([place.scope, place.slot, asset.type, asset.value, asset.path])).digest()


async def link(session: Session, place: Place, finding_ids: Iterable[UUID]) -> None:
    """Remember which findings this scan saw."""
    rows = [{"scan_id": place.scan_id, "finding_id": found, "slot": place.slot} for found in finding_ids]
    if rows:
        await session.execute(insert(scan_findings).on_conflict_do_nothing(), rows)


async def placed(session: Session, place: Place, finding_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these findings something in this scope is listed under."""
    table = finding_assets
    mine = (table.c.project_id == place.project_id, table.c.slot == place.slot, table.c.scope == place.scope)
    statement = select(table.c.finding_id).where(*mine, table.c.finding_id.in_(finding_ids)).distinct()
    return set((await session.execute(statement)).scalars())


async def drop_unsaid(session: Session, place: Place, purls: Sequence[str]) -> list[str]:
    """Remove what this scan itself found in these packages by advisories that say so no more.

    A finding that has nothing left keeps its row and is stamped; the titles of those that this scan has none of any
    more come back. What was seen at ``place.at`` stays.
    """
    values = {
        "project": place.project_id,
        "slot": place.slot,
        "scope": place.scope,
        "scan": place.scan_id,
        "at": place.at,
        "purls": list(purls),
    }
    return list((await session.execute(_DROP_UNSAID, values)).scalars())


_MINE = "a.project_id = :project and a.slot = :slot and a.scope = :scope and a.detected_by_scan = :scan"
# what a statement of one WITH removes, the others still see: what is left is counted without it
_DROP_UNSAID = text(f"""
with unsaid as materialized (
  select a.id, a.finding_id from finding_assets a join findings f on f.id = a.finding_id
   where {_MINE} and a.last_seen < :at and f.domain = 'vulnerability' and a.value = any(cast(:purls as text[]))
), gone as (delete from finding_assets a using unsaid u where a.id = u.id),
touched as (select distinct finding_id as id from unsaid),
unlinked as (
  delete from scan_findings s using touched t where s.scan_id = :scan and s.finding_id = t.id
     and not exists (select from finding_assets a where a.finding_id = t.id and {_MINE}
                        and a.id not in (select id from unsaid))
  returning s.finding_id as id
), stamped as (
  update findings f set not_seen_since = :at, updated_at = :at from touched t
   where f.id = t.id and f.not_seen_since is null
     and not exists (select from finding_assets a where a.finding_id = f.id and a.id not in (select id from unsaid))
)
select f.title from unlinked u join findings f on f.id = u.id order by f.title""")  # noqa: S608 - our own words


async def drop_unseen(session: Session, place: Place) -> int:
    """Remove the assets that an earlier scan of this scope saw and this one, which looked, did not.

    A finding that has nothing left keeps its row and is stamped; the number of those comes back.
    """
    gone = (
        delete(finding_assets)
        .where(
            finding_assets.c.project_id == place.project_id,
            finding_assets.c.slot == place.slot,
            finding_assets.c.scope == place.scope,
            finding_assets.c.detected_by_scan != place.scan_id,
        )
        .returning(finding_assets.c.finding_id)
    )
    touched = sorted({row[0] for row in await session.execute(gone)})
    if not touched:
        return 0
    left = exists().where(and_(finding_assets.c.finding_id == findings.c.id))
    stamp = (
        update(findings)
        .where(findings.c.id.in_(touched), ~left, findings.c.not_seen_since.is_(None))
        .values(not_seen_since=place.seen, updated_at=place.at)
        .returning(findings.c.id)
    )
    return len((await session.execute(stamp)).all())
