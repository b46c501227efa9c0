"""Every change of a finding that was a decision: who, when, from what to what, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Index, Table, Text, Uuid, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

finding_history = Table(
    "finding_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("who", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("before", JSONB(none_as_null=True)),
    Column("after", JSONB(none_as_null=True)),
    Column("reason", Text),
    Index(None, "finding_id", "id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one finding; ``who`` is ``key:PREFIX``, ``person``, ``scan:ID`` or ``verification:ID``."""

    finding_id: UUID
    at: datetime
    who: str
    field: str
    before: Any
    after: Any
    reason: str | None = None
    id: int = 0


_COLUMNS = ("finding_id", "at", "who", "field", "before", "after", "reason")


async def add(session: Session, changes: Sequence[Change]) -> None:
    """Write down changes in the transaction that makes them."""
    if changes:
        rows = [{name: getattr(change, name) for name in _COLUMNS} for change in changes]
        await session.execute(insert(finding_history), rows)


async def page(session: Session, finding_id: UUID, *, limit: int, after: str | None) -> cursor.Page[Change]:
    """A finding's history, the newest first."""
    rows = select(finding_history).where(finding_history.c.finding_id == finding_id)
    total, estimated = await cursor.total_of(session, rows)
    if after:
        rows = rows.where(finding_history.c.id < cursor.decode(after, int)[0])
    statement = rows.order_by(finding_history.c.id.desc()).limit(limit + 1)
    found = [Change(**row) for row in (await session.execute(statement)).mappings()]
    more = cursor.encode(found[limit - 1].id) if len(found) > limit else None
    return cursor.Page(items=tuple(found[:limit]), total=total, total_is_estimate=estimated, next_cursor=more)
