"""Make teams, projects and API keys, and the links that sign a browser in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from surveyor.service import auth
from surveyor.service.actions import clock
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import keys, signin, teams
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.keys import ApiKey
from surveyor.service.store.teams import DEFAULT_PROJECT, Project, Team

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
KEY_DAYS = 365
LEAST_PREFIX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key just made: ``secret`` is shown now and never again."""

    secret: str
    key: ApiKey


async def create_team(sessions: Sessions, *, slug: str, name: str | None = None) -> Team:
    """Make a team with its project ``default``."""
    async with sessions() as session, session.begin():
        return (await make_team(session, slug=_slug(slug), name=name or slug))[0]


async def make_team(session: Session, *, slug: str, name: str) -> tuple[Team, Project]:
    """The same inside a larger transaction."""
    team = await teams.add_team(session, slug=slug, name=name)
    if team is None:
        raise Conflict(f"there is a team {slug} already")
    project = await teams.add_project(session, team_id=team.id, slug=DEFAULT_PROJECT, name="Default")
    assert project is not None
    return team, project


async def list_teams(sessions: Sessions) -> list[Team]:
    """All teams, oldest first."""
    async with sessions() as session:
        return await teams.list_teams(session)


async def create_project(sessions: Sessions, *, team: str, slug: str, name: str | None = None) -> Project:
    """Add a project to a team, named by id or slug."""
    async with sessions() as session, session.begin():
        project = await teams.add_project(
            session, team_id=(await _team(session, team)).id, slug=_slug(slug), name=name or slug
        )
    if project is None:
        raise Conflict(f"the team has a project {slug} already")
    return project


async def list_projects(sessions: Sessions, *, team: str) -> list[Project]:
    """A team's projects, oldest first."""
    async with sessions() as session:
        return await teams.list_projects(session, (await _team(session, team)).id)


async def create_key(
    sessions: Sessions,
    *,
    team: str,
    name: str,
    scopes: tuple[str, ...] = auth.SCOPES,
    project: str = DEFAULT_PROJECT,
    days: int | None = KEY_DAYS,
) -> NewKey:
    """Make an API key of a team; ``days`` until it expires, ``None`` for never."""
    if not scopes or (unknown := set(scopes) - {*auth.SCOPES, auth.PLATFORM}):
        raise InvalidParams(
            f"scopes are {', '.join((*auth.SCOPES, auth.PLATFORM))}",
            details={"scopes": sorted(unknown) if scopes else ["empty"]},
        )
    if days is not None and not 0 < days <= 3650:
        raise InvalidParams("a key lives 1 to 3650 days, or forever", details={"days": ["out_of_range"]})
    async with sessions() as session, session.begin():
        owner = await _team(session, team)
        place = await teams.find_project(session, owner.id, project)
        if place is None:
            raise NotFound(f"the team has no project {project}")
        return await make_key(session, place, name=name, scopes=scopes, days=days)


async def make_key(
    session: Session,
    project: Project,
    *,
    name: str,
    scopes: tuple[str, ...],
    days: int | None,
    secret: str | None = None,
) -> NewKey:
    """The same inside a larger transaction; ``secret`` when the key was chosen elsewhere."""
    made, prefix, digest = auth.new_key()
    if secret is not None:
        made, prefix, digest = secret, secret[: len(prefix)], auth.digest(secret)
    expires = clock.now() + timedelta(days=days) if days is not None else None
    key = await keys.add(
        session,
        team_id=project.team_id,
        project_id=project.id,
        name=name,
        sha256=digest,
        prefix=prefix,
        scopes=scopes,
        expires_at=expires,
    )
    return NewKey(secret=made, key=key)


async def list_keys(sessions: Sessions, *, team: str) -> list[ApiKey]:
    """A team's keys, newest first."""
    async with sessions() as session:
        return await keys.list_of(session, (await _team(session, team)).id)


async def revoke_key(sessions: Sessions, *, team: str, key: str) -> ApiKey:
    """Revoke a key by its id, or by at least its first 8 characters where no other begins so; it is unknown then."""
    if len(key) < LEAST_PREFIX:
        raise InvalidParams(f"name a key by its id, or by at least its first {LEAST_PREFIX} characters")
    async with sessions() as session, session.begin():
        whole = auth.digest(key) if auth.KEY_FORM.fullmatch(key) else None
        found = await keys.named(session, (await _team(session, team)).id, key, sha256=whole)
        # those revoked before are in nobody's way
        meant = [one for one in found if one.revoked_at is None] or found
        if not meant:
            raise NotFound("the team has no such key")
        if len(meant) > 1:
            raise Conflict(f"{len(meant)} keys of the team begin so; name more of the key, or its id as listed")
        return await keys.revoke(session, meant[0].id, now=clock.now())


async def create_link(sessions: Sessions, *, team: str) -> str:
    """A one-time token that signs a browser in for a team; it lives some minutes."""
    async with sessions() as session, session.begin():
        return await make_link(session, (await _team(session, team)).id)


async def make_link(session: Session, team_id: UUID) -> str:
    """The same inside a larger transaction."""
    token = auth.new_token()
    await signin.add_link(
        session, sha256=auth.digest(token), team_id=team_id, expires_at=clock.now() + auth.LINK_LIFETIME
    )
    return token


async def _team(session: Session, name: str) -> Team:
    team = await teams.find_team(session, name)
    if team is None:
        raise NotFound(f"there is no team {name}")
    return team


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise InvalidParams("a slug is 1 to 64 of a-z, 0-9 and -, no - at its ends", details={"slug": ["form"]})
    return text
