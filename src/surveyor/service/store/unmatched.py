"""Scans of files that could not be matched, for want of advisories, and have not been made again."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from surveyor.service.store.database import Session

#: Only so many of a project's newest scans of files are looked at, and so many are offered.
LOOKED_AT, OFFERED = 200, 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """One such scan, by the name of its file."""

    id: UUID
    name: str


async def listed(session: Session, team_id: UUID, project_id: UUID) -> list[Unmatched]:
    """The newest scan of each file still kept, and of each image, where it had no advisories; the newest first."""
    values = {"team": team_id, "project": project_id, "looked_at": LOOKED_AT, "offered": OFFERED}
    return [Unmatched(id=row.id, name=row.name) for row in await session.execute(_LISTED, values)]


_LISTED = text("""
with recent as (
  select id, artifact_id, image, coalesce(name, cast(artifact_id as text)) as name, status, coverage, inserted_at
    from audit_scan_runs where team_id = :team and project_id = :project and kind = 'artifact'
   order by inserted_at desc, id desc limit :looked_at
), newest as (select distinct on (name) * from recent order by name, inserted_at desc, id desc)
select n.id, n.name from newest n left join artifacts a on a.id = n.artifact_id and a.removed_at is null
 where n.status = 'done' and (a.id is not null or n.image is not null)
   and (n.coverage @> '[{"what": "advisories", "state": "missing"}]'
        or n.coverage @> '[{"what": "advisories", "state": "failed"}]')
 order by n.inserted_at desc, n.id desc limit :offered""")
