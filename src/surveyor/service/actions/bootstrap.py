"""Make a fresh installation usable: a first team, a first key, a link to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from surveyor.service import auth
from surveyor.service.actions import teams as verbs
from surveyor.service.store import keys, teams
from surveyor.service.store.database import Sessions

TEAM = "default"
_LOCK = 7_380_214_520


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What to tell the person: ``key`` only when it was made now; ``link_token`` opens a session once."""

    team_id: UUID
    project_id: UUID
    key: str | None
    link_token: str


async def bootstrap(sessions: Sessions, *, key: str | None = None) -> Bootstrap:
    """Make what is missing; a given ``key`` is taken as the first one, and made valid if a database was replaced."""
    async with sessions() as session, session.begin():
        # two that start together make one team
        await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        team = next(iter(await teams.list_teams(session)), None)
        if team is None:
            team, _ = await verbs.make_team(session, slug=TEAM, name="Default")
        project = (await teams.list_projects(session, team.id))[0]
        made: str | None = None
        if key is not None:
            if not await keys.known(session, auth.digest(key)):  # a revoked one stays revoked
                await verbs.make_key(session, project, name="given at start", scopes=auth.SCOPES, days=None, secret=key)
        elif not await keys.list_of(session, team.id):
            made = (await verbs.make_key(session, project, name="first", scopes=auth.SCOPES, days=None)).secret
        link = await verbs.make_link(session, team.id)
    return Bootstrap(team_id=team.id, project_id=project.id, key=made, link_token=link)
