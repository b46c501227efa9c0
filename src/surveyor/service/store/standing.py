"""How a project stands: its numbers, their course over days, all its findings at once, the newest scan of each target.

Read whole inside one transaction of the caller's, so that everything is of one moment.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, case, cast, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from surveyor.service.store import scans
from surveyor.service.store.database import Session
from surveyor.service.store.findings import findings
from surveyor.service.store.scans import TERMINAL, Scan, scan_runs

#: How many assets of one finding are read with it, the last seen first.
ASSETS = 20
TARGETS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """So many findings of one domain, severity and status; ``score`` sums priorities, ``unscored`` have none."""

    domain: str
    severity: str
    status: str
    count: int
    score: int
    unscored: int
    not_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEnd:
    """What was open when a day ended, in UTC."""

    date: date
    score: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A finding as a report has it: a row of thousands, so what no report tells is not read.

    An asset is its type, value, artifact's digest, path, layer and scope; ``assets`` are the first of ``assets_total``.
    """

    id: UUID
    domain: str
    rule: str
    title: str
    description: str
    severity: str
    status: str
    confidence: float
    tier: str | None
    impact_score: int | None
    effort_score: int | None
    risk_score: int | None
    priority_score: int | None
    ids: list[str]
    package: str | None
    fixed_in: list[str]
    fix_state: str | None
    cvss: list[dict[str, Any]]
    epss: float | None
    kev: bool | None
    evidence: list[dict[str, Any]]
    recommended_fix: dict[str, Any] | None
    reference_urls: list[str]
    first_seen: datetime
    last_seen: datetime
    not_seen_since: datetime | None
    assets: list[list[str | None]]
    assets_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Ended verifications and those that passed; findings ever resolved until then, and those that came back."""

    passed: int
    verified: int
    came_back: int
    once_resolved: int


async def same_moment(session: Session) -> None:
    """Let everything that follows in this transaction see the database as it is now; the first thing to ask for."""
    await session.execute(text("set transaction isolation level repeatable read, read only"))


async def groups(session: Session, team_id: UUID, project_id: UUID) -> list[Group]:
    """All findings, counted."""
    table = findings
    statement = (
        select(
            table.c.domain,
            table.c.severity,
            table.c.status,
            func.count().label("count"),
            func.coalesce(func.sum(table.c.priority_score), 0).label("score"),
            func.count().filter(table.c.priority_score.is_(None)).label("unscored"),
            func.count().filter(table.c.not_seen_since.is_not(None)).label("not_seen"),
        )
        .where(table.c.team_id == team_id, table.c.project_id == project_id)
        .group_by(table.c.domain, table.c.severity, table.c.status)
    )
    return [Group(**row) for row in (await session.execute(statement)).mappings()]


async def day_ends(session: Session, team_id: UUID, project_id: UUID, first: date, last: date) -> list[DayEnd]:
    """What was open at the end of each day, both days included.

    A finding opens when it is first seen; after that its history says when it was closed and opened again. It counts
    with the priority that it has today, since past priorities are not kept.
    """
    values = {"team": team_id, "project": project_id, "first": first, "last": last}
    moves = {row.day: row for row in await session.execute(_MOVES, values)}
    score = count = 0
    out = []
    for number in range(-1, (last - first).days + 1):
        day = first + timedelta(days=number)
        if (move := moves.get(day)) is not None:
            score, count = score + int(move.score), count + int(move.findings)
        if number >= 0:
            out.append(DayEnd(date=day, score=score, count=count))
    return out


# what opened and closed on each day, everything before the first as if on the day before it; a finding that is closed
# and has no history of its status was closed before there was any
_MOVES = text("""
with mine as (
    select id, first_seen, status, updated_at, coalesce(priority_score, 0) as score
      from findings where team_id = :team and project_id = :project
), turns as (
    select mine.id, mine.score, turn.at,
           turn.before #>> '{}' in ('resolved', 'dismissed') as was_closed,
           turn.after #>> '{}' in ('resolved', 'dismissed') as is_closed
      from finding_history turn join mine on mine.id = turn.finding_id where turn.field = 'status'
), moves as (
    select first_seen as at, 1 as sign, score from mine
    union all
    select at, case when is_closed then -1 else 1 end, score from turns where was_closed <> is_closed
    union all
    select updated_at, -1, score from mine
     where status in ('resolved', 'dismissed') and not exists (select from turns where turns.id = mine.id)
)
select greatest(cast(at at time zone 'UTC' as date), cast(:first as date) - 1) as day,
       sum(sign * score) as score, sum(sign) as findings
  from moves where cast(at at time zone 'UTC' as date) <= cast(:last as date)
 group by 1""")


async def proofs(session: Session, team_id: UUID, project_id: UUID, first: date | None, last: date | None) -> Proofs:
    """What verifications and regressions came to on these days, both included; without days, ever."""
    values = {"team": team_id, "project": project_id, "first": first, "last": last}
    return Proofs(**(await session.execute(_PROOFS, values)).mappings().one())


_PROOFS = text("""
with days as (
    select coalesce(cast(cast(:first as date) as timestamp) at time zone 'UTC', '-infinity') as begins,
           coalesce(cast(cast(:last as date) + 1 as timestamp) at time zone 'UTC', 'infinity') as ends
), came_back as (
    select distinct finding_id from audit_regressions, days
     where team_id = :team and project_id = :project and inserted_at >= begins and inserted_at < ends
), once_resolved as (
    select id from findings, days where team_id = :team and project_id = :project
       and (resolved_at < ends
            or exists (select from finding_history turn where turn.finding_id = findings.id and turn.field = 'status'
                          and turn.after #>> '{}' = 'resolved' and turn.at < ends))
    union select finding_id from came_back
)
select (select count(*) from audit_verifications, days where team_id = :team and project_id = :project
           and result = 'passed' and finished_at >= begins and finished_at < ends) as passed,
       (select count(*) from audit_verifications, days where team_id = :team and project_id = :project
           and result <> 'pending' and finished_at >= begins and finished_at < ends) as verified,
       (select count(*) from came_back) as came_back,
       (select count(*) from once_resolved) as once_resolved""")


async def all_findings(session: Session, team_id: UUID, project_id: UUID, *, limit: int) -> tuple[list[Listed], int]:
    """The first findings by priority (unscored last) and then by age; and how many there are.

    A finding carries at most ``ASSETS`` of its assets.
    """
    place = (findings.c.team_id == team_id, findings.c.project_id == project_id)
    total: int = (await session.execute(select(func.count()).select_from(findings).where(*place))).scalar_one()
    order = (findings.c.priority_score.desc().nulls_last(), findings.c.inserted_at, findings.c.id)
    names = [item.name for item in fields(Listed) if item.name in findings.c]
    first = select(*(findings.c[name] for name in names)).where(*place).order_by(*order).limit(limit)
    rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in await session.execute(first)]
    held = await _assets(session, [row["id"] for row in rows])
    for row in rows:
        row["assets"], row["assets_total"] = held.get(row["id"], _NONE)
    return [Listed(**row) for row in rows], total


_NONE: tuple[list[list[str | None]], int] = ([], 0)


async def _assets(session: Session, wanted: list[UUID]) -> dict[UUID, tuple[list[list[str | None]], int]]:
    """What each finding affects, put together by the database: one row a finding."""
    held = await session.execute(_ASSETS, {"wanted": wanted, "most": ASSETS})
    return {row[0]: (row[1], row[2]) for row in held}


_ASSETS = text("""
select finding_id,
       jsonb_agg(jsonb_build_array(type, value, artifact, path, layer, scope) order by place)
           filter (where place <= :most) as assets,
       count(*) as counted
  from (select finding_id, type, value, artifact, path, layer, scope,
               row_number() over (partition by finding_id order by last_seen desc, id) as place
          from finding_assets where finding_id = any(cast(:wanted as uuid[]))) as ranked
 group by finding_id""")


async def newest_scans(session: Session, team_id: UUID, project_id: UUID) -> tuple[list[Scan], int]:
    """The newest ended scan of each target, at most ``TARGETS``, the newest first; and how many targets there are."""
    table = scan_runs
    target = case(
        (table.c.kind == "web", table.c.url), else_=func.coalesce(table.c.name, cast(table.c.artifact_id, Text))
    )
    newest = (
        select(table)
        .where(table.c.team_id == team_id, table.c.project_id == project_id, table.c.status.in_(TERMINAL))
        .ext(distinct_on(table.c.kind, target))
        .order_by(table.c.kind, target, table.c.inserted_at.desc())
        .subquery()
    )
    total: int = (await session.execute(select(func.count()).select_from(newest))).scalar_one()
    columns = [newest.c[column.name] for column in table.columns]
    statement = select(*columns).order_by(newest.c.inserted_at.desc(), newest.c.id).limit(TARGETS)
    return await scans.listed(session, statement), total


async def ever_looked(session: Session, team_id: UUID, project_id: UUID) -> bool:
    """Whether any scan of the project came to an end with something looked at, and could judge what it saw.

    An inventory that no advisory was asked about says nothing about how its artifact is: ``health.unjudged`` in SQL.
    """
    judged = text("""not (
        jsonb_path_exists(coverage, '$[*] ? (@.what == "advisories" && (@.state == "missing" || @.state == "failed"))')
        or jsonb_path_exists(coverage, '$[*] ? (@.what starts with "advisories." && @.state == "missing")')
        and not jsonb_path_exists(coverage, '$[*] ? (@.what starts with "advisories." && @.state == "looked")'))""")
    mine = select(scan_runs.c.id).where(
        scan_runs.c.team_id == team_id, scan_runs.c.project_id == project_id, scan_runs.c.status == "done", judged
    )
    return bool((await session.execute(select(mine.exists()))).scalar_one())
