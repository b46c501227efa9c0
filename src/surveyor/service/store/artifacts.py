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
    func,
    select,
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
    UniqueConstraint("team_id", "sha256"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("artifact_id", Uuid, ForeignKey("artifacts.id"), nullable=False),
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
    """Insert an artifact; when the team has this digest, its row as it is: ``storage_key`` may be another."""
    values = {"team_id": team_id, "sha256": sha256, "size": size, "storage_key": storage_key, "filename": filename}
    statement = insert(artifacts).values(values)
    # an update that changes nothing, so that RETURNING also answers for the row that was there
    same = statement.on_conflict_do_update(index_elements=["team_id", "sha256"], set_={"size": artifacts.c.size})
    row = (await session.execute(same.returning(artifacts))).mappings().one()
    return Artifact(**row)


async def find(session: Session, team_id: UUID, artifact_id: UUID) -> Artifact | None:
    """A team's artifact."""
    statement = select(artifacts).where(artifacts.c.team_id == team_id, artifacts.c.id == artifact_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    return Artifact(**row) if row else None


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
