"""What the priority formula looks at, read for many findings at once, and its numbers written back in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select, text

from surveyor.service.store.database import Session
from surveyor.service.store.finding_assets import finding_assets
from surveyor.service.store.findings import findings

_COLUMNS = (
    "id",
    "domain",
    "rule",
    "severity",
    "severity_by",
    "cvss",
    "epss",
    "kev",
    "fix_state",
    "ruled_by",
    "recommended_fix",
    "first_seen",
    "priority",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One finding's facts as they are stored; ``hosts`` are those of the pages that it affects."""

    id: UUID
    domain: str
    rule: str
    severity: str
    severity_by: str
    cvss: tuple[dict[str, Any], ...]
    epss: float | None
    kev: bool | None
    fix_state: str | None
    ruled_by: str | None
    recommended_fix: dict[str, Any] | None
    first_seen: datetime
    priority: dict[str, Any] | None
    assets: int
    hosts: tuple[str, ...]


async def read(session: Session, finding_ids: Sequence[UUID]) -> list[Weighed]:
    """The facts of these findings, in no order."""
    assets = (
        select(
            finding_assets.c.finding_id,
            func.count().label("assets"),
            func.array_agg(func.split_part(finding_assets.c.value, "/", 3).distinct())
            .filter(finding_assets.c.type == "url")
            .label("hosts"),
        )
        .where(finding_assets.c.finding_id.in_(finding_ids))
        .group_by(finding_assets.c.finding_id)
        .subquery()
    )
    statement = (
        select(*(findings.c[name] for name in _COLUMNS), assets.c.assets, assets.c.hosts)
        .outerjoin(assets, assets.c.finding_id == findings.c.id)
        .where(findings.c.id.in_(finding_ids))
    )
    return [
        Weighed(
            **{
                **row,
                "cvss": tuple(row["cvss"]),
                "assets": row["assets"] or 0,
                "hosts": tuple(host for host in row["hosts"] or () if host),
            }
        )
        for row in (await session.execute(statement)).mappings()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is written about one finding: the four numbers that stand, and the record of how they came about."""

    id: UUID
    values: dict[str, int | None]
    record: dict[str, Any]


async def write(session: Session, rows: Sequence[Standing]) -> None:
    """Write the numbers of many findings in one statement of the caller's transaction."""
    if not rows:
        return
    columns = {name: [row.values[name] for row in rows] for name in ("impact", "effort", "risk", "score")}
    records = [orjson.dumps(row.record).decode() for row in rows]
    await session.execute(_WRITE, {"ids": [row.id for row in rows], "records": records, **columns})


_WRITE = text("""
update findings
   set impact_score = given.impact, effort_score = given.effort, risk_score = given.risk,
       priority_score = given.score, priority = cast(given.record as jsonb)
  from unnest(cast(:ids as uuid[]), cast(:impact as smallint[]), cast(:effort as smallint[]),
              cast(:risk as smallint[]), cast(:score as smallint[]), cast(:records as text[]))
       as given (id, impact, effort, risk, score, record)
 where findings.id = given.id""")
