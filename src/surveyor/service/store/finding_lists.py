"""Lists of findings: what they may be narrowed by, their orders, and a page of one at any place in a million."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, select, tuple_, union

from surveyor.service.errors import InvalidParams
from surveyor.service.store import cursor
from surveyor.service.store.database import Session
from surveyor.service.store.finding_assets import assets_of, elsewhere, finding_assets
from surveyor.service.store.findings import FindingRow, findings, scan_findings, shape

#: Orders of a list, each from the greatest down. Priority: then severity, then the newest.
SORTS = {
    "priority": (findings.c.priority_order, findings.c.severity_order, findings.c.inserted_at, findings.c.id),
    "severity": (findings.c.severity_order, findings.c.priority_order, findings.c.inserted_at, findings.c.id),
    "newest": (findings.c.inserted_at, findings.c.id),
    "last_seen": (findings.c.last_seen, findings.c.id),
}
#: A severity as ``severity_order`` has it.
RANKS = {"critical": 4, "high": 3, "medium": 2, "low": 1, "unknown": 0}
#: So many rows are sorted as fast as they are found in order.
FEW = 2_000
#: How many characters an entry of the index of titles has.
_INDEXED = 3
_KINDS: dict[str, type] = {
    "priority_order": int,
    "severity_order": int,
    "inserted_at": datetime,
    "last_seen": datetime,
    "id": UUID,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list may be narrowed by, and its order: one of ``SORTS``.

    ``text`` is looked for in titles and rules; ``asset`` is a URL, a PURL or an artifact's name, as a whole; ``seen``
    leaves out what is gone; ``kev`` keeps what attackers are known to use, or leaves that out.
    """

    severity: str | None = None
    status: str | None = None
    domain: str | None = None
    rule: str | None = None
    text: str | None = None
    asset: str | None = None
    scan_id: UUID | None = None
    seen: bool | None = None
    kev: bool | None = None
    sort: str = "priority"


def of_project(team_id: UUID, project_id: UUID, wanted: Filter) -> Select[Any]:
    """A project's findings in the order asked for, narrowed."""
    table = findings
    statement = select(table).where(table.c.team_id == team_id, table.c.project_id == project_id)
    if wanted.severity is not None:
        # by its rank, which lists are sorted and counted by: the planner cannot know that the two say the same
        statement = statement.where(table.c.severity_order == RANKS.get(wanted.severity, -1))
    for name in ("status", "domain", "rule"):
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(table.c[name] == value)
    if wanted.text:
        statement = statement.where(_says(wanted.text) | (table.c.rule == wanted.text))
    if wanted.seen is not None:
        statement = statement.where(
            table.c.not_seen_since.is_(None) if wanted.seen else table.c.not_seen_since.is_not(None)
        )
    if wanted.kev is not None:
        statement = statement.where(table.c.kev if wanted.kev else table.c.kev.is_not(True))
    if wanted.scan_id is not None:
        statement = statement.where(
            table.c.id.in_(select(scan_findings.c.finding_id).where(scan_findings.c.scan_id == wanted.scan_id))
        )
    if wanted.asset is not None:
        statement = statement.where(table.c.id.in_(_having(project_id, wanted.asset)))
    return statement.order_by(*(column.desc() for column in SORTS[wanted.sort]))


def _says(words: str) -> ColumnElement[bool]:
    """Titles with these words in them, whatever their case."""
    # the index has three characters an entry: with fewer it would be read from end to end, which is slower than rows
    title = findings.c.title if len(words) >= _INDEXED else findings.c.title.concat("")
    return title.icontains(words, autoescape=True)


def _having(project_id: UUID, asset: str) -> CompoundSelect[tuple[UUID]]:
    """Ids of findings that affect a URL, a PURL or an artifact of this name."""
    held = select(finding_assets.c.finding_id).where(finding_assets.c.project_id == project_id)
    scope = finding_assets.c.scope
    return union(held.where(finding_assets.c.value == asset), held.where(scope == f"artifact:{asset}"))


async def page(
    session: Session,
    rows: Select[Any],
    *,
    limit: int,
    after: str | None,
    sort: str = "priority",
    scope: str | None = None,
) -> cursor.Page[FindingRow]:
    """One page of findings with their assets, of one scope where that is given; ``sort`` is the order of ``rows``."""
    total, estimated = await cursor.total_of(session, rows)
    order = SORTS[sort]
    # a cursor names its order, so that one of another order is refused and not misread
    number = list(SORTS).index(sort)
    if after:
        place, *values = cursor.decode(after, int, *(_KINDS[column.name] for column in order))
        if place != number:
            raise InvalidParams("a cursor of another order", details={"cursor": ["form"]})
        rows = rows.where(tuple_(*order) < tuple(values))
    if not estimated and total <= FEW:
        # told where to stop, the planner walks along the order and throws away a million rows to find a few
        few = rows.order_by(None).offset(0).subquery()
        rows = select(few).order_by(*(few.c[column.name].desc() for column in order))
    found = list((await session.execute(rows.limit(limit + 1))).mappings())
    ids = [row["id"] for row in found[:limit]]
    assets = await assets_of(session, ids, scope=scope)
    others = await elsewhere(session, ids, scope) if scope is not None and ids else {}
    items = tuple(shape(row, assets.get(row["id"], ()), others.get(row["id"], 0)) for row in found[:limit])
    more = None
    if len(found) > limit:
        more = cursor.encode(number, *(getattr(items[-1], column.name) for column in order))
    return cursor.Page(items=items, total=total, total_is_estimate=estimated, next_cursor=more)
