"""Artifacts, one per team and SHA-256, and the uploads that brought them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    case,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from surveyor.service.store.database import Session, metadata

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("storage_key", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # since when its bytes can no longer be had; the key is emptied when they are gone
    Column("removed_at", DateTime(timezone=True)),
    UniqueConstraint("team_id", "sha256"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("artifact_id", Uuid, ForeignKey("artifacts.id"), nullable=False, index=True),
    Column("filename", Text, nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "team_id", "project_id", "inserted_at", "id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file as it was uploaded: ``sha256`` in hex, ``size`` in bytes, ``storage_key`` where its bytes are."""

    id: UUID
    team_id: UUID
    sha256: str
    size: int
    storage_key: str
    filename: str
    inserted_at: datetime
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One delivery of an artifact under a name; the same bytes may come twice under two names."""

    id: UUID
    team_id: UUID
    project_id: UUID
    artifact_id: UUID
    filename: str
    inserted_at: datetime


async def keep(session: Session, *, team_id: UUID, sha256: str, size: int, storage_key: str, filename: str) -> Artifact:
    """Insert an artifact; when the team has this digest, its row as it is: ``storage_key`` may be another.

    One whose bytes were removed gets the new ones.
    """
    values = {"team_id": team_id, "sha256": sha256, "size": size, "storage_key": storage_key, "filename": filename}
    statement = insert(artifacts).values(values)
    gone = artifacts.c.removed_at.is_not(None)
    # an update also where nothing changes, so that RETURNING answers for the row that was there
    same = statement.on_conflict_do_update(
        index_elements=["team_id", "sha256"],
        set_={
            "storage_key": case((gone, statement.excluded.storage_key), else_=artifacts.c.storage_key),
            "removed_at": None,
        },
    )
    row = (await session.execute(same.returning(artifacts))).mappings().one()
    return Artifact(**row)


async def find(session: Session, team_id: UUID, artifact_id: UUID) -> Artifact | None:
    """A team's artifact."""
    statement = select(artifacts).where(artifacts.c.team_id == team_id, artifacts.c.id == artifact_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    return Artifact(**row) if row else None


async def hold(session: Session, team_id: UUID, artifact_id: UUID) -> Artifact | None:
    """A team's artifact whose bytes are still kept; its row is held until the transaction ends."""
    statement = (
        select(artifacts)
        .where(artifacts.c.team_id == team_id, artifacts.c.id == artifact_id, artifacts.c.removed_at.is_(None))
        .with_for_update(read=True)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return Artifact(**row) if row else None


async def mark_old(session: Session, *, before: datetime, now: datetime, limit: int) -> int:
    """Say of artifacts that nobody has brought or scanned since a moment that their bytes are no more; how many.

    Looked at twice: the second time under a lock that a new scan of the same artifact waits for.
    """
    old = (await session.execute(_OLD, {"before": before, "limit": limit})).scalars().all()
    if old:
        await session.execute(_MARK, {"ids": list(old), "before": before, "now": now})
    return len(old)


_NEEDED = """
    exists (select from uploads u where u.artifact_id = a.id and u.inserted_at >= :before)
    or exists (select from audit_scan_runs r where r.artifact_id = a.id
                and (r.status in ('queued', 'running') or coalesce(r.finished_at, r.inserted_at) >= :before))"""
_OLD = text(f"""
select a.id from artifacts a
 where a.removed_at is null and a.inserted_at < :before and not ({_NEEDED})
 order by a.id limit :limit for update skip locked""")  # noqa: S608 - our own words
_MARK = text(f"update artifacts a set removed_at = :now where a.id = any(:ids) and not ({_NEEDED})")  # noqa: S608


async def left_over(session: Session, *, limit: int) -> list[tuple[UUID, str]]:
    """Artifacts whose bytes are to go, with their keys."""
    statement = (
        select(artifacts.c.id, artifacts.c.storage_key)
        .where(artifacts.c.removed_at.is_not(None), artifacts.c.storage_key != "")
        .order_by(artifacts.c.id)
        .limit(limit)
    )
    return [(row.id, row.storage_key) for row in await session.execute(statement)]


async def emptied(session: Session, artifact_id: UUID, storage_key: str) -> None:
    """Remember that an object is gone, unless the artifact has been brought again meanwhile."""
    match = (artifacts.c.id == artifact_id, artifacts.c.storage_key == storage_key, artifacts.c.removed_at.is_not(None))
    await session.execute(update(artifacts).where(*match).values(storage_key=""))


async def add_upload(session: Session, *, team_id: UUID, project_id: UUID, artifact_id: UUID, filename: str) -> Upload:
    """Record a delivery."""
    values = {"team_id": team_id, "project_id": project_id, "artifact_id": artifact_id, "filename": filename}
    row = (await session.execute(insert(uploads).values(values).returning(uploads))).mappings().one()
    return Upload(**row)


async def find_upload(session: Session, team_id: UUID, upload_id: UUID) -> Upload | None:
    """A team's upload."""
    statement = select(uploads).where(uploads.c.team_id == team_id, uploads.c.id == upload_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    return Upload(**row) if row else None
