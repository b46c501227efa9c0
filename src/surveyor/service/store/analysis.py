"""What an analysis writes of findings, over what stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text

from surveyor.service.store.database import Session
from surveyor.service.store.findings import findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A finding's priority as it stands."""

    id: UUID
    priority: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What to write about one finding; ``values`` and ``fix`` stay as they are where they are ``None``."""

    id: UUID
    values: dict[str, int] | None
    record: dict[str, Any]
    fix: dict[str, Any] | None


async def standing(session: Session, ids: Sequence[UUID]) -> list[Standing]:
    """The records of these findings, held until the transaction ends, in the order of their ids."""
    statement = select(findings.c.id, findings.c.priority).where(findings.c.id.in_(ids)).order_by(findings.c.id)
    rows = (await session.execute(statement.with_for_update())).mappings()
    return [Standing(**row) for row in rows]


async def write(session: Session, rows: Sequence[Written]) -> None:
    """Write what stands in one statement."""
    if not rows:
        return
    given = {
        name: [None if row.values is None else row.values[name] for row in rows]
        for name in ("impact", "effort", "risk", "score")
    }
    records = [orjson.dumps(row.record).decode() for row in rows]
    fixes = [None if row.fix is None else orjson.dumps(row.fix).decode() for row in rows]
    await session.execute(_WRITE, {"ids": [row.id for row in rows], "records": records, "fixes": fixes, **given})


_WRITE = text("""
update findings
   set impact_score = coalesce(given.impact, impact_score), effort_score = coalesce(given.effort, effort_score),
       risk_score = coalesce(given.risk, risk_score), priority_score = coalesce(given.score, priority_score),
       priority = cast(given.record as jsonb), updated_at = clock_timestamp(),
       recommended_fix = case when given.fix is null then recommended_fix else cast(given.fix as jsonb)
         || jsonb_strip_nulls(jsonb_build_object('rule', case when recommended_fix ->> 'source' = 'model'
              then recommended_fix -> 'rule' else recommended_fix end)) end
  from unnest(cast(:ids as uuid[]), cast(:impact as smallint[]), cast(:effort as smallint[]),
              cast(:risk as smallint[]), cast(:score as smallint[]), cast(:records as text[]), cast(:fixes as text[]))
       as given (id, impact, effort, risk, score, record, fix)
 where findings.id = given.id""")
