"""Logins for container registries: one a project and registry, passwords sealed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from surveyor.service.store.database import Session, metadata

registry_logins = Table(
    "registry_logins",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("host", Text, nullable=False),
    Column("username", Text, nullable=False),
    # sealed by the vault, for the owner registry:<id>
    Column("sealed", LargeBinary, nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("project_id", "host"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryLogin:
    """One login; ``sealed`` is its password for the vault."""

    id: UUID
    team_id: UUID
    project_id: UUID
    host: str
    username: str
    sealed: bytes = field(repr=False)
    inserted_at: datetime
    updated_at: datetime


_COLUMNS = tuple(registry_logins.c[item.name] for item in fields(RegistryLogin))


async def of_project(session: Session, team_id: UUID, project_id: UUID) -> list[RegistryLogin]:
    """A project's, by host; there are few, since their number is bounded."""
    mine = and_(registry_logins.c.team_id == team_id, registry_logins.c.project_id == project_id)
    statement = select(*_COLUMNS).where(mine).order_by(registry_logins.c.host)
    return [RegistryLogin(**row) for row in (await session.execute(statement)).mappings()]


async def for_host(session: Session, project_id: UUID, host: str) -> RegistryLogin | None:
    """A project's login for a registry."""
    mine = and_(registry_logins.c.project_id == project_id, registry_logins.c.host == host)
    row = (await session.execute(select(*_COLUMNS).where(mine))).mappings().one_or_none()
    return RegistryLogin(**row) if row else None


async def add(
    session: Session, *, login_id: UUID, team_id: UUID, project_id: UUID, host: str, username: str, sealed: bytes
) -> RegistryLogin | None:
    """Insert one; ``None`` where the project has one for the host."""
    statement = (
        insert(registry_logins)
        .values(id=login_id, team_id=team_id, project_id=project_id, host=host, username=username, sealed=sealed)
        .on_conflict_do_nothing(index_elements=["project_id", "host"])
        .returning(*_COLUMNS)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return RegistryLogin(**row) if row else None


async def change(
    session: Session, team_id: UUID, project_id: UUID, login_id: UUID, **values: object
) -> RegistryLogin | None:
    """Write columns of a project's; ``None`` where it has no such one."""
    statement = update(registry_logins).where(_is(team_id, project_id, login_id))
    changed = statement.values(**values, updated_at=func.now()).returning(*_COLUMNS)
    row = (await session.execute(changed)).mappings().one_or_none()
    return RegistryLogin(**row) if row else None


async def remove(session: Session, team_id: UUID, project_id: UUID, login_id: UUID) -> bool:
    """Forget one with its password; whether there was one."""
    gone = delete(registry_logins).where(_is(team_id, project_id, login_id)).returning(registry_logins.c.id)
    return (await session.execute(gone)).one_or_none() is not None


async def sealed(session: Session) -> list[RegistryLogin]:
    """All of all projects, held until the transaction ends."""
    return [RegistryLogin(**row) for row in (await session.execute(select(*_COLUMNS).with_for_update())).mappings()]


def _is(team_id: UUID, project_id: UUID, login_id: UUID) -> ColumnElement[bool]:
    return and_(
        registry_logins.c.team_id == team_id,
        registry_logins.c.project_id == project_id,
        registry_logins.c.id == login_id,
    )
