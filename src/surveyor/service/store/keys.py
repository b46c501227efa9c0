"""API keys: only the digest of a key is kept, its first characters for people to recognise it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, Text, Uuid, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from surveyor.service.store.database import Session, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("project_id", Uuid, ForeignKey("projects.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

_SHOWN = [column for column in api_keys.c if column.name != "sha256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it may be shown; ``project_id`` is where the short paths act."""

    id: UUID
    team_id: UUID
    project_id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    inserted_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


def _key(row: dict[str, object]) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(row["scopes"])})  # type: ignore[arg-type]


async def add(
    session: Session,
    *,
    team_id: UUID,
    project_id: UUID,
    name: str,
    sha256: bytes,
    prefix: str,
    scopes: tuple[str, ...],
    expires_at: datetime | None,
) -> ApiKey:
    """Insert a key by its digest."""
    values = {
        "team_id": team_id,
        "project_id": project_id,
        "name": name,
        "sha256": sha256,
        "prefix": prefix,
        "scopes": list(scopes),
        "expires_at": expires_at,
    }
    row = (await session.execute(insert(api_keys).values(values).returning(*_SHOWN))).mappings().one()
    return _key(dict(row))


async def by_digest(session: Session, sha256: bytes, *, now: datetime) -> ApiKey | None:
    """The key of this digest if it is neither revoked nor expired."""
    statement = select(*_SHOWN).where(
        api_keys.c.sha256 == sha256,
        api_keys.c.revoked_at.is_(None),
        or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return _key(dict(row)) if row else None


async def touch(session: Session, key_id: UUID, *, now: datetime, at_most_every_seconds: int = 60) -> None:
    """Stamp the last use; at most once a minute, so that a busy key does not become a hot row."""
    stale = func.extract("epoch", now - api_keys.c.last_used_at) >= at_most_every_seconds
    await session.execute(
        update(api_keys)
        .where(api_keys.c.id == key_id, or_(api_keys.c.last_used_at.is_(None), stale))
        .values(last_used_at=now)
    )


async def list_of(session: Session, team_id: UUID) -> list[ApiKey]:
    """A team's keys, newest first, revoked ones too."""
    statement = (
        select(*_SHOWN).where(api_keys.c.team_id == team_id).order_by(api_keys.c.inserted_at.desc(), api_keys.c.id)
    )
    return [_key(dict(row)) for row in (await session.execute(statement)).mappings()]


async def named(session: Session, team_id: UUID, name: str, *, sha256: bytes | None) -> list[ApiKey]:
    """A team's keys that ``name`` may mean: the id, or the first characters; with ``sha256`` that whole key only.

    Of a name longer than what is kept only so much is compared.
    """
    kept = func.left(name, func.length(api_keys.c.prefix))
    match = func.left(api_keys.c.prefix, len(name)) == kept
    if sha256 is not None:
        match = api_keys.c.sha256 == sha256
    with suppress(ValueError):
        match = api_keys.c.id == UUID(name)
    statement = select(*_SHOWN).where(api_keys.c.team_id == team_id, match).order_by(api_keys.c.inserted_at)
    return [_key(dict(row)) for row in (await session.execute(statement)).mappings()]


async def revoke(session: Session, key_id: UUID, *, now: datetime) -> ApiKey:
    """Revoke a key; a second time changes nothing and says the same."""
    statement = (
        update(api_keys)
        .where(api_keys.c.id == key_id)
        .values(revoked_at=func.coalesce(api_keys.c.revoked_at, now))
        .returning(*_SHOWN)
    )
    return _key(dict((await session.execute(statement)).mappings().one()))


async def find_digest(session: Session, sha256: bytes) -> ApiKey | None:
    """The key of this digest, a revoked or expired one too."""
    row = (await session.execute(select(*_SHOWN).where(api_keys.c.sha256 == sha256))).mappings().one_or_none()
    return _key(dict(row)) if row else None
