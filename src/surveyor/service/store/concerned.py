"""Which inventories a change of the advisories concerns: the newest of each artifact of a project, by index."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from surveyor.service.store.database import Session

#: A newer run of the same artifact whose slot has ended well has replaced what this one found, whether or not it as a
#: whole has ended.
_REPLACED = """
exists (select from audit_scan_runs n
         where n.kind = 'artifact' and n.project_id = r.project_id
           and coalesce(n.name, cast(n.artifact_id as text)) = coalesce(r.name, cast(r.artifact_id as text))
           and (n.inserted_at, n.id) > (r.inserted_at, r.id) and n.status in ('running', 'done')
           and n.scanner_status -> 'artifact' ->> 'state' = 'done')"""

_BY_CHANGE = """
with changed as materialized (
  select packages, flaws from advisory_updates where id = :update
), held as materialized (
  select p.scan_id as id from changed c cross join lateral unnest(c.packages) as k(concern)
    join scan_packages p on p.concern = k.concern
  union
  select s.scan_id from changed c join findings f on f.ids && c.flaws join scan_findings s on s.finding_id = f.id
)"""


async def due(session: Session, update_id: UUID, *, everything: bool, after: UUID | None, limit: int) -> list[UUID]:
    """Scans to match again for an update, in the order of their ids, behind one of them.

    Not those that began after it, nor any that has been matched with what it left already.
    """
    values = {"update": update_id, "after": after, "limit": limit}
    statement = _ALL_DUE if everything else _DUE
    return list((await session.execute(statement, values)).scalars())


_REST = f"""
 cross join (select state, finished_at from advisory_updates where id = :update) as u
 where r.kind = 'artifact' and r.status = 'done' and (cast(:after as uuid) is null or r.id > cast(:after as uuid))
   and coalesce(r.started_at, r.inserted_at) < u.finished_at and r.rematch ->> 'state' is distinct from u.state
   and not {_REPLACED}
 order by r.id limit :limit"""  # noqa: S608 - our own words
_DUE = text(f"{_BY_CHANGE} select r.id from held join audit_scan_runs r on r.id = held.id {_REST}")  # noqa: S608
_ALL_DUE = text(f"select r.id from audit_scan_runs r {_REST}")  # noqa: S608 - our own words


async def is_replaced(session: Session, scan_id: UUID) -> bool:
    """Whether a newer scan of the same artifact has written what it found."""
    return bool((await session.execute(_IS_REPLACED, {"scan": scan_id})).scalar_one_or_none())


_IS_REPLACED = text(f"select {_REPLACED} from audit_scan_runs r where r.id = :scan")  # noqa: S608 - our own words


async def artifact_of(session: Session, scan_id: UUID) -> str | None:
    """The digest that the places carry which a scan found; the newest, where it is known."""
    found: str | None = (await session.execute(_ARTIFACT, {"scan": scan_id})).scalar_one_or_none()
    return found


_ARTIFACT = text("""
select coalesce('sha256:' || a.sha256,
                (select max(p.artifact) from scan_findings s join finding_assets p on p.finding_id = s.finding_id
                  where s.scan_id = r.id and p.detected_by_scan = r.id))
  from audit_scan_runs r left join artifacts a on a.id = r.artifact_id where r.id = :scan""")
