"""Progress events: append-only, numbered without gaps within a scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, SmallInteger, Table, Text, Uuid, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB

from surveyor.service.store import scans
from surveyor.service.store.database import Session, metadata

#: One channel for all scans. The payload says which, never what: it holds 8,000 bytes and is lost when nobody listens.
CHANNEL = "surveyor_scan_events"

scan_events = Table(
    "scan_events",
    metadata,
    Column("scan_id", Uuid, ForeignKey("audit_scan_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ts", DateTime(timezone=True), nullable=False),
    Column("slot", Text),
    Column("stage", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("pct", SmallInteger),
    Column("data", JSONB),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has a number."""

    ts: datetime
    stage: str
    detail: str
    level: str = "info"
    pct: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One event of a scan; ``slot`` is the scanner that said it, ``None`` for the run itself."""

    seq: int
    ts: datetime
    stage: str
    level: str
    detail: str
    slot: str | None
    pct: int | None
    data: dict[str, Any] = field(default_factory=dict)


async def append_from_slot(
    session: Session, scan_id: UUID, slot: str, run: UUID, events: Sequence[NewEvent], *, start: int, offset: int
) -> bool:
    """Store the events between two byte offsets of a slot's file; ``False`` when the slot is no longer this run's.

    Saying the same twice is fine: a commit whose answer was lost is not stored again.
    """
    last = await scans.advance(session, scan_id, slot, run, events=len(events), start=start, offset=offset)
    if last is None:
        scan = await scans.find(session, scan_id)
        return scan is not None and scans.holds(scan, slot, run) and scan.event_offsets.get(slot, 0) == offset
    if events:
        await _store(session, scan_id, slot, last, events)
    return True


async def append(session: Session, scan_id: UUID, events: Sequence[NewEvent], *, slot: str | None = None) -> int:
    """Store events of the service itself; the caller holds the scan's row or has judged that it may speak."""
    last = await scans.take_numbers(session, scan_id, len(events))
    await _store(session, scan_id, slot, last, events)
    return last


async def _store(session: Session, scan_id: UUID, slot: str | None, last: int, events: Sequence[NewEvent]) -> None:
    first = last - len(events) + 1
    rows = [
        {
            "scan_id": scan_id,
            "seq": first + index,
            "ts": event.ts,
            "slot": slot,
            "stage": event.stage,
            "level": event.level,
            "detail": event.detail,
            "pct": event.pct,
            "data": dict(event.data) or None,
        }
        for index, event in enumerate(events)
    ]
    await session.execute(
        insert(scan_events).values(rows) if len(rows) == 1 else insert(scan_events), rows if len(rows) > 1 else {}
    )
    await ring(session, scan_id, last)


async def ring(session: Session, scan_id: UUID, seq: int) -> None:
    """Wake everyone who follows the scan when this transaction commits."""
    await session.execute(
        text("select pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": f"{scan_id}:{seq}"}
    )


async def remove_old(session: Session, *, before: datetime, now: datetime, limit: int) -> int:
    """Remove the events of scans that ended before a moment, the oldest first; of how many scans."""
    found: int = (await session.execute(_REMOVE, {"before": before, "now": now, "limit": limit})).scalar_one()
    return found


_REMOVE = text("""
with old as (
  update audit_scan_runs set events_removed_at = :now
   where id in (select id from audit_scan_runs where events_removed_at is null and finished_at < :before
                 order by finished_at limit :limit for update skip locked)
  returning id
), gone as (delete from scan_events e using old where e.scan_id = old.id)
select count(*) from old""")


async def after(session: Session, scan_id: UUID, seq: int, *, limit: int = 500) -> list[StoredEvent]:
    """The events that follow a number, in order."""
    columns = [scan_events.c[name] for name in ("seq", "ts", "stage", "level", "detail", "slot", "pct", "data")]
    statement = (
        select(*columns)
        .where(scan_events.c.scan_id == scan_id, scan_events.c.seq > seq)
        .order_by(scan_events.c.seq)
        .limit(limit)
    )
    return [StoredEvent(**{**row, "data": row["data"] or {}}) for row in (await session.execute(statement)).mappings()]
