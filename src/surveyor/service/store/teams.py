"""Teams (an org in the paths is a team) and their projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from surveyor.service.store.database import Session, metadata

DEFAULT_PROJECT = "default"

teams = Table(
    "teams",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

projects = Table(
    "projects",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # HOST or HOST:PORT, private ones that only this project's scans may ask
    Column("allow_hosts", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("team_id", "slug"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who owns scans, findings and keys."""

    id: UUID
    slug: str
    name: str
    inserted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A part of a team's estate; findings are unique within one. ``allow_hosts`` are private ones it may scan."""

    id: UUID
    team_id: UUID
    slug: str
    name: str
    inserted_at: datetime
    allow_hosts: Sequence[str] = ()


async def add_team(session: Session, *, slug: str, name: str) -> Team | None:
    """Insert a team; ``None`` when the slug is taken."""
    statement = insert(teams).values(slug=slug, name=name).on_conflict_do_nothing().returning(teams)
    row = (await session.execute(statement)).mappings().one_or_none()
    return Team(**row) if row else None


async def add_project(session: Session, *, team_id: UUID, slug: str, name: str) -> Project | None:
    """Insert a project; ``None`` when the team already has one of that slug."""
    statement = (
        insert(projects).values(team_id=team_id, slug=slug, name=name).on_conflict_do_nothing().returning(projects)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return Project(**row) if row else None


async def list_teams(session: Session) -> list[Team]:
    """All teams, oldest first."""
    rows = (await session.execute(select(teams).order_by(teams.c.inserted_at, teams.c.id))).mappings()
    return [Team(**row) for row in rows]


async def find_team(session: Session, name: str) -> Team | None:
    """A team by id or slug."""
    statement = select(teams).where(or_(teams.c.id == _uuid(name), teams.c.slug == name))
    row = (await session.execute(statement)).mappings().one_or_none()
    return Team(**row) if row else None


async def list_projects(session: Session, team_id: UUID) -> list[Project]:
    """A team's projects, oldest first."""
    statement = select(projects).where(projects.c.team_id == team_id).order_by(projects.c.inserted_at, projects.c.id)
    return [Project(**row) for row in (await session.execute(statement)).mappings()]


async def find_project(session: Session, team_id: UUID, name: str) -> Project | None:
    """A team's project by id or slug; a slug that looks like an id loses to the id."""
    match = or_(projects.c.id == _uuid(name), projects.c.slug == name)
    statement = (
        select(projects)
        .where(projects.c.team_id == team_id, match)
        .order_by((projects.c.id == _uuid(name)).desc().nulls_last())
    )
    row = (await session.execute(statement)).mappings().first()
    return Project(**row) if row else None


async def allowed_hosts(session: Session, project_id: UUID) -> list[str]:
    """Private hosts that a project's scans may ask; none of a project that is not there."""
    found = (await session.execute(select(projects.c.allow_hosts).where(projects.c.id == project_id))).scalar()
    return list(found or ())


async def hold_hosts(session: Session, project_id: UUID) -> list[str]:
    """The same, nobody else changing them until the transaction ends."""
    statement = select(projects.c.allow_hosts).where(projects.c.id == project_id).with_for_update()
    return list((await session.execute(statement)).scalar() or ())


async def change_hosts(session: Session, project_id: UUID, hosts: Sequence[str]) -> None:
    """Put others in their place."""
    await session.execute(update(projects).where(projects.c.id == project_id).values(allow_hosts=list(hosts)))


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
