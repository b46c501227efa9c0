"""Scan runs: one row each, with a slot per scanner that only the run holding it may write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import RowMapping

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

TERMINAL = frozenset({"done", "failed", "cancelled"})

scan_runs = Table(
    "audit_scan_runs",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("trigger", Text, nullable=False, server_default="manual"),
    Column("url", Text),
    Column("artifact_id", Uuid, ForeignKey("artifacts.id")),
    Column("image", Text),
    Column("platform", Text),
    Column("only_image", Text),
    Column("name", Text),
    # of a page: how many, as what; its headers are sealed
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    Column("headers", LargeBinary),
    # one that is removed takes nothing with it
    Column("retry_of", Uuid, ForeignKey("audit_scan_runs.id", ondelete="SET NULL"), index=True),
    # the run whose evidence this one judges, and looks at nothing itself
    Column("recheck_of", Uuid, ForeignKey("audit_scan_runs.id", ondelete="SET NULL"), index=True),
    Column("scanner_status", JSONB, nullable=False, server_default=text("'{}'")),
    Column("event_offsets", JSONB, nullable=False, server_default=text("'{}'")),
    Column("report_keys", JSONB, nullable=False, server_default=text("'{}'")),
    Column("evidence_keys", JSONB, nullable=False, server_default=text("'{}'")),
    Column("summary", JSONB, nullable=False, server_default=text("'{}'")),
    Column("coverage", JSONB, nullable=False, server_default=text("'[]'")),
    Column("error", Text),
    Column("last_seq", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("job_ids", JSONB, nullable=False, server_default=text("'[]'")),
    Column("heartbeat_at", DateTime(timezone=True)),
    Column("analysis_enqueued_at", DateTime(timezone=True)),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("events_removed_at", DateTime(timezone=True)),
    # when its inventory was matched again, and with which advisories
    Column("rematch", JSONB),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("kind in ('web', 'artifact')", name="kind"),
    CheckConstraint("status in ('queued', 'running', 'done', 'failed', 'cancelled')", name="status"),
    CheckConstraint(
        "num_nonnulls(url, artifact_id, image) = 1 and (kind = 'web') = (url is not null)"
        " and (platform is null or url is null) and (only_image is null or artifact_id is not null)",
        name="target",
    ),
    Index(None, "team_id", "project_id", "inserted_at", "id"),
    # what tells the newest scan of an artifact from its older ones
    Index(
        "audit_scan_runs_of_target_idx",
        "project_id",
        text("coalesce(name, cast(artifact_id as text))"),
        "inserted_at",
        "id",
        postgresql_where=text("kind = 'artifact'"),
    ),
    # what forgets old artifacts asks
    Index(None, "artifact_id", postgresql_where=text("artifact_id is not null")),
    # what forgets old events looks through
    Index("audit_scan_runs_told_idx", "finished_at", postgresql_where=text("events_removed_at is null")),
    # what a sweeper looks through
    Index("audit_scan_runs_live_idx", "updated_at", postgresql_where=text("status in ('queued', 'running')")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One scanner's part of a run. ``run`` is the attempt that holds it: whoever has another one may not write."""

    state: str = "pending"
    reason: str | None = None
    run: str | None = None
    attempt: int = 0
    started_at: str | None = None
    finished_at: str | None = None
    heartbeat_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan run as it stands. ``event_offsets`` is how many bytes of a slot's progress file are stored as events.

    ``image`` is the full name of an image in a registry; ``only_image`` the name or digest of the one that was asked
    for of a file's, ``platform`` that one's of either.
    """

    id: UUID
    team_id: UUID
    project_id: UUID
    kind: str
    status: str
    trigger: str
    url: str | None
    artifact_id: UUID | None
    image: str | None = None
    platform: str | None = None
    only_image: str | None = None
    name: str | None
    options: dict[str, Any] = field(default_factory=dict)
    headers: bytes | None = field(default=None, repr=False)
    retry_of: UUID | None = None
    recheck_of: UUID | None = None
    scanner_status: dict[str, Slot] = field(default_factory=dict)
    event_offsets: dict[str, int] = field(default_factory=dict)
    report_keys: dict[str, str] = field(default_factory=dict)
    evidence_keys: dict[str, str] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    coverage: tuple[dict[str, Any], ...] = ()
    error: str | None = None
    last_seq: int = 0
    attempts: int = 0
    job_ids: tuple[int, ...] = ()
    heartbeat_at: datetime | None = None
    analysis_enqueued_at: datetime | None = None
    inserted_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    events_removed_at: datetime | None = None
    rematch: dict[str, Any] | None = None
    updated_at: datetime


_SLOT_FIELDS = frozenset(item.name for item in fields(Slot))


def _scan(row: RowMapping) -> Scan:
    values = dict(row)
    slots = {
        name: Slot(**{k: v for k, v in slot.items() if k in _SLOT_FIELDS})
        for name, slot in values["scanner_status"].items()
    }
    return Scan(
        **{
            **values,
            "scanner_status": slots,
            "coverage": tuple(values["coverage"]),
            "job_ids": tuple(values["job_ids"]),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScan:
    """A run before it has a row.

    ``retry_of`` is the ended run whose target it looks at again, ``recheck_of`` the one whose evidence it judges.
    """

    id: UUID
    team_id: UUID
    project_id: UUID
    kind: str
    trigger: str
    url: str | None = None
    artifact_id: UUID | None = None
    image: str | None = None
    platform: str | None = None
    only_image: str | None = None
    name: str | None = None
    retry_of: UUID | None = None
    recheck_of: UUID | None = None
    options: dict[str, Any] = field(default_factory=dict)
    headers: bytes | None = field(default=None, repr=False)


async def add(session: Session, asked: Sequence[tuple[NewScan, int]]) -> list[Scan]:
    """Insert runs that wait for a worker, each with the id of its job; the rows in the same order."""
    values = [{**asdict(new), "job_ids": [job]} for new, job in asked]
    found = (await session.execute(insert(scan_runs).returning(scan_runs), values)).mappings()
    rows = {row["id"]: _scan(row) for row in found}
    return [rows[new.id] for new, _ in asked]


async def find(
    session: Session, scan_id: UUID, *, team_id: UUID | None = None, project_id: UUID | None = None
) -> Scan | None:
    """One run; with a team or project only if it is theirs."""
    statement = select(scan_runs).where(scan_runs.c.id == scan_id)
    if team_id is not None:
        statement = statement.where(scan_runs.c.team_id == team_id)
    if project_id is not None:
        statement = statement.where(scan_runs.c.project_id == project_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _scan(row) if row else None


async def sealed(session: Session) -> list[tuple[UUID, bytes]]:
    """Headers of all runs that have some, held until the transaction ends."""
    statement = select(scan_runs.c.id, scan_runs.c.headers).where(scan_runs.c.headers.is_not(None)).with_for_update()
    return [(row.id, row.headers) for row in await session.execute(statement)]


async def with_evidence(session: Session, *, before: datetime, limit: int) -> list[Scan]:
    """Ended runs of which what was seen is kept for longer than to a moment, oldest first."""
    statement = (
        select(scan_runs)
        .where(scan_runs.c.finished_at < before, scan_runs.c.evidence_keys != text("'{}'::jsonb"))
        .order_by(scan_runs.c.finished_at)
        .limit(limit)
    )
    return await listed(session, statement)


async def several(session: Session, scan_ids: Sequence[UUID]) -> list[Scan]:
    """These runs, in no order."""
    return await listed(session, select(scan_runs).where(scan_runs.c.id.in_(scan_ids)))


async def newest_done(session: Session, team_id: UUID, project_id: UUID, *, name: str) -> Scan | None:
    """The newest scan of an artifact of this name that was done."""
    statement = (
        select(scan_runs)
        .where(scan_runs.c.team_id == team_id, scan_runs.c.project_id == project_id)
        .where(scan_runs.c.kind == "artifact", scan_runs.c.name == name, scan_runs.c.status == "done")
        .order_by(scan_runs.c.inserted_at.desc(), scan_runs.c.id.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return _scan(row) if row else None


async def measured(
    session: Session, team_id: UUID, project_id: UUID, *, url: str, until: datetime, among: int, limit: int
) -> list[tuple[UUID, datetime, dict[str, Any]]]:
    """The newest runs of a page with their summaries, of the ``among`` runs of the project before ``until``.

    No index knows addresses, so that only so many runs are looked through.
    """
    columns = scan_runs.c.id, scan_runs.c.inserted_at, scan_runs.c.summary, scan_runs.c.url, scan_runs.c.status
    newest = (
        select(*columns)
        .where(scan_runs.c.team_id == team_id, scan_runs.c.project_id == project_id, scan_runs.c.inserted_at <= until)
        .where(scan_runs.c.recheck_of.is_(None))
        .order_by(scan_runs.c.inserted_at.desc(), scan_runs.c.id.desc())
        .limit(among)
        .subquery()
    )
    statement = (
        select(newest.c.id, newest.c.inserted_at, newest.c.summary)
        .where(newest.c.url == url, newest.c.summary.has_key("measurements"))
        .order_by(newest.c.inserted_at.desc(), newest.c.id.desc())
        .limit(limit)
    )
    return [(row.id, row.inserted_at, row.summary) for row in await session.execute(statement)]


async def looked_later(session: Session, scan: Scan) -> list[str]:
    """Addresses of the project's pages that scans queued after this one look at, or have looked at."""
    statement = (
        select(scan_runs.c.url)
        .where(scan_runs.c.team_id == scan.team_id, scan_runs.c.project_id == scan.project_id)
        .where(tuple_(scan_runs.c.inserted_at, scan_runs.c.id) > (scan.inserted_at, scan.id))
        .where(scan_runs.c.url.is_not(None), scan_runs.c.recheck_of.is_(None))
        .where(func.jsonb_path_exists(scan_runs.c.scanner_status, text("""'$.* ? (@.state != "failed")'""")))
        .distinct()
    )
    return list((await session.execute(statement)).scalars())


async def lock(session: Session, scan_id: UUID) -> Scan | None:
    """One run, its row held until the transaction ends: what is decided on it is decided once."""
    row = (
        (await session.execute(select(scan_runs).where(scan_runs.c.id == scan_id).with_for_update()))
        .mappings()
        .one_or_none()
    )
    return _scan(row) if row else None


async def change(session: Session, scan_id: UUID, **values: object) -> None:
    """Write columns of a run whose row the caller holds; ``updated_at`` follows."""
    if "scanner_status" in values:
        slots = values["scanner_status"]
        assert isinstance(slots, dict)
        values["scanner_status"] = {name: asdict(slot) for name, slot in slots.items()}
    await session.execute(
        update(scan_runs).where(scan_runs.c.id == scan_id).values(**values, updated_at=func.clock_timestamp())
    )


async def advance(
    session: Session, scan_id: UUID, slot: str, run: UUID, *, events: int, start: int, offset: int
) -> int | None:
    """Take ``events`` numbers, move the slot's byte offset on from ``start`` and its heartbeat; one fenced statement.

    Returns the last number taken, or ``None`` when the slot belongs to another run by now, the scan has ended, or the
    offset is not where the caller thinks.
    """
    values = {"id": scan_id, "slot": slot, "run": str(run), "events": events, "start": start, "offset": offset}
    last: int | None = (await session.execute(_ADVANCE, values)).scalar_one_or_none()
    return last


_ADVANCE = text("""
update audit_scan_runs
   set last_seq = last_seq + :events,
       event_offsets = event_offsets || jsonb_build_object(cast(:slot as text), cast(:offset as bigint)),
       scanner_status = jsonb_set(scanner_status, array[cast(:slot as text), 'heartbeat_at'],
                                  to_jsonb(clock_timestamp())),
       heartbeat_at = clock_timestamp(), updated_at = clock_timestamp()
 where id = :id and status = 'running'
   and scanner_status -> cast(:slot as text) ->> 'run' = cast(:run as text)
   and scanner_status -> cast(:slot as text) ->> 'state' = 'running'
   and coalesce(cast(event_offsets ->> cast(:slot as text) as bigint), 0) = :start
 returning last_seq""")


async def take_numbers(session: Session, scan_id: UUID, count: int) -> int:
    """Take event numbers for events that no slot's file holds; returns the last one. The caller decided that it may."""
    statement = update(scan_runs).where(scan_runs.c.id == scan_id).values(last_seq=scan_runs.c.last_seq + count)
    last: int = (await session.execute(statement.returning(scan_runs.c.last_seq))).scalar_one()
    return last


def of_project(team_id: UUID, project_id: UUID, *, kind: str | None = None, status: str | None = None) -> Select[Any]:
    """A project's runs, newest first."""
    statement = select(scan_runs).where(scan_runs.c.team_id == team_id, scan_runs.c.project_id == project_id)
    if kind is not None:
        statement = statement.where(scan_runs.c.kind == kind)
    if status is not None:
        statement = statement.where(scan_runs.c.status == status)
    return statement.order_by(scan_runs.c.inserted_at.desc(), scan_runs.c.id.desc())


async def listed(session: Session, rows: Select[Any]) -> list[Scan]:
    """All runs of a query that has a run's columns."""
    return [_scan(row) for row in (await session.execute(rows)).mappings()]


async def page(session: Session, rows: Select[Any], *, limit: int, after: str | None) -> cursor.Page[Scan]:
    """One page of runs."""
    total, estimated = await cursor.total_of(session, rows)
    if after:
        rows = rows.where(tuple_(scan_runs.c.inserted_at, scan_runs.c.id) < cursor.decode(after, datetime, UUID))
    found = [_scan(row) for row in (await session.execute(rows.limit(limit + 1))).mappings()]
    items = tuple(found[:limit])
    more = cursor.encode(items[-1].inserted_at, items[-1].id) if len(found) > limit else None
    return cursor.Page(items=items, total=total, total_is_estimate=estimated, next_cursor=more)


def holds(scan: Scan | None, slot: str, run: UUID) -> bool:
    """Whether a run still holds its slot of a scan that still runs."""
    if scan is None or scan.status != "running":
        return False
    held = scan.scanner_status.get(slot)
    return held is not None and held.state == "running" and held.run == str(run)


async def silent(session: Session, *, before: datetime, limit: int = 100) -> list[UUID]:
    """Runs that nothing has written to since a moment though they have not ended, oldest first."""
    live = scan_runs.c.status.in_(["queued", "running"])
    statement = (
        select(scan_runs.c.id)
        .where(live, scan_runs.c.updated_at < before)
        .order_by(scan_runs.c.updated_at)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())
