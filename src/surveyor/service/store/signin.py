"""Browser sessions and the one-time links that open them; both are kept by digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, Uuid, delete, func, insert, select, update

from surveyor.service.store.database import Session, metadata

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("used_at", DateTime(timezone=True)),
)

web_sessions = Table(
    "sessions",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A signed-in browser and the team it acts for."""

    team_id: UUID
    inserted_at: datetime
    expires_at: datetime


async def add_link(session: Session, *, sha256: bytes, team_id: UUID, expires_at: datetime) -> None:
    """Keep a link's digest."""
    await session.execute(insert(sign_in_links).values(sha256=sha256, team_id=team_id, expires_at=expires_at))


async def use_link(session: Session, sha256: bytes, *, now: datetime) -> UUID | None:
    """Spend a link; the team it stands for, or ``None`` when unknown, expired or spent. Two at once: one wins."""
    live = (sign_in_links.c.sha256 == sha256, sign_in_links.c.used_at.is_(None), sign_in_links.c.expires_at > now)
    statement = update(sign_in_links).where(*live).values(used_at=now).returning(sign_in_links.c.team_id)
    team: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return team


async def add_session(session: Session, *, sha256: bytes, team_id: UUID, expires_at: datetime) -> None:
    """Keep a session's digest."""
    await session.execute(insert(web_sessions).values(sha256=sha256, team_id=team_id, expires_at=expires_at))


async def find_session(session: Session, sha256: bytes, *, now: datetime) -> WebSession | None:
    """A live session by digest."""
    columns = (web_sessions.c.team_id, web_sessions.c.inserted_at, web_sessions.c.expires_at)
    statement = select(*columns).where(web_sessions.c.sha256 == sha256, web_sessions.c.expires_at > now)
    row = (await session.execute(statement)).mappings().one_or_none()
    return WebSession(**row) if row else None


async def drop_session(session: Session, sha256: bytes) -> None:
    """Sign out."""
    await session.execute(delete(web_sessions).where(web_sessions.c.sha256 == sha256))


async def expire(session: Session, *, now: datetime) -> None:
    """Forget links and sessions that can no longer be used."""
    await session.execute(delete(sign_in_links).where(sign_in_links.c.expires_at < now))
    await session.execute(delete(web_sessions).where(web_sessions.c.expires_at < now))
