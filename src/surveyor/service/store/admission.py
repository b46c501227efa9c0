"""Who holds a key, where a path leads, and what is counted for it: one statement for all requests of a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from surveyor.service.store.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request at the door.

    ``scope`` is what its route needs; ``strict``: it spends the strict bucket instead of the default one. ``org`` and
    ``project`` are the path's words, ``None`` where the short path was taken.
    """

    sha256: bytes
    scope: str
    strict: bool = False
    org: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What the database says about a request whose key is valid.

    ``used`` counts the window's requests in ``bucket`` with this one: in the strict bucket only what may act, so that
    what is refused anyway costs what any request costs. ``place`` is the project that the path names, if the team has
    it.
    """

    key_id: UUID
    team_id: UUID
    project_id: UUID
    prefix: str
    scopes: tuple[str, ...]
    last_used_at: datetime | None
    bucket: str
    used: int
    place: UUID | None


# Counts may be lost in a crash of the server, so their commit does not wait for the disk. Rows are locked in one order,
# a team's default bucket before its strict one, so that two processes never wait for each other.
_ADMIT = text("""
with quick as materialized (select set_config('synchronous_commit', 'off', true)),
asked as (
  select a.* from quick, unnest(
    cast(:digests as bytea[]), cast(:scoped as text[]), cast(:stricts as boolean[]),
    cast(:orgs as text[]), cast(:projects as text[]), cast(:org_ids as uuid[]), cast(:project_ids as uuid[])
  ) with ordinality as a (sha256, scope, strict, org, project, org_id, project_id, n)
),
known as (
  select a.n, k.id, k.team_id, k.project_id, k.prefix, k.scopes, k.last_used_at,
         a.strict and a.scope = any(k.scopes) as strict, a.org is null as short,
         (select r.id from projects r join teams t on t.id = r.team_id
           where t.id = k.team_id and (t.id = a.org_id or t.slug = a.org)
             and (r.id = a.project_id or r.slug = a.project)
           order by (r.id = a.project_id) desc nulls last limit 1) as place
    from asked a join api_keys k on k.sha256 = a.sha256
   where k.revoked_at is null and (k.expires_at is null or k.expires_at > :now)
),
placed as materialized (
  select k.*, case when strict and (short or place is not null) then 'strict' else 'default' end as bucket from known k
),
turned as materialized (
  select p.*, row_number() over (partition by team_id, bucket order by n) as turn,
         count(*) over (partition by team_id, bucket) as turns
    from placed p
),
counted as (
  insert into rate_limit_windows as w (team_id, bucket, window_start, count)
  select team_id, bucket, :start, count(*) from placed group by team_id, bucket order by team_id, bucket
  on conflict (team_id, bucket, window_start) do update set count = w.count + excluded.count
  returning team_id, bucket, count
)
select t.n, t.id as key_id, t.team_id, t.project_id, t.prefix, t.scopes, t.last_used_at, t.bucket,
       c.count - t.turns + t.turn as used, t.place
  from turned t join counted c using (team_id, bucket)""")


async def admit(
    session: Session, requests: Sequence[Request], *, now: datetime, window_start: datetime
) -> list[Admission | None]:
    """Judge requests in their order, each counted in one bucket; ``None`` for a key unknown, revoked or expired."""
    values = {
        "digests": [request.sha256 for request in requests],
        "scoped": [request.scope for request in requests],
        "stricts": [request.strict for request in requests],
        "orgs": [request.org for request in requests],
        "projects": [request.project for request in requests],
        "org_ids": [_uuid(request.org) for request in requests],
        "project_ids": [_uuid(request.project) for request in requests],
        "now": now,
        "start": window_start,
    }
    found: list[Admission | None] = [None] * len(requests)
    for row in (await session.execute(_ADMIT, values)).mappings():
        told = {name: value for name, value in row.items() if name != "n"}
        found[row["n"] - 1] = Admission(**{**told, "scopes": tuple(row["scopes"])})
    return found


def _uuid(name: str | None) -> UUID | None:
    try:
        return None if name is None else UUID(name)
    except ValueError:
        return None
