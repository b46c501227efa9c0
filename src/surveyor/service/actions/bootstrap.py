"""Make a fresh installation usable: a first team, a first key, a link to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from surveyor.service import auth
from surveyor.service.actions import clock
from surveyor.service.actions import teams as verbs
from surveyor.service.store import keys, teams
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.teams import Project

TEAM = "default"
#: The name of keys that came from the settings, by which an earlier one is known when another is given.
GIVEN = "given at start"
_LOCK = 7_380_214_520


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What to tell the person: ``key`` only when it was made now; ``link_token`` opens a session once.

    ``replaced`` are the beginnings of given keys that are revoked now; ``refused``: the given one was revoked before.
    """

    team_id: UUID
    project_id: UUID
    key: str | None
    link_token: str
    replaced: tuple[str, ...] = ()
    refused: bool = False


async def bootstrap(sessions: Sessions, *, key: str | None = None) -> Bootstrap:
    """Make what is missing; a given ``key`` is made valid, and takes the place of one given before.

    Who changes a secret in the settings means that the old one ends: it may be the one that leaked. One that was
    revoked stays so, and then nothing else is changed either.
    """
    async with sessions() as session, session.begin():
        # two that start together make one team
        await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        team = next(iter(await teams.list_teams(session)), None)
        if team is None:
            team, _ = await verbs.make_team(session, slug=TEAM, name="Default")
        project = (await teams.list_projects(session, team.id))[0]
        made: str | None = None
        replaced: tuple[str, ...] = ()
        held = None if key is None else await keys.find_digest(session, auth.digest(key))
        if key is not None:
            if held is None:
                replaced = await _replace(session, project, key)
        elif not await keys.list_of(session, team.id):
            made = (await verbs.make_key(session, project, name="first", scopes=auth.SCOPES, days=None)).secret
        link = await verbs.make_link(session, team.id)
    return Bootstrap(
        team_id=team.id,
        project_id=project.id,
        key=made,
        link_token=link,
        replaced=replaced,
        refused=held is not None and held.revoked_at is not None,
    )


async def _replace(session: Session, project: Project, key: str) -> tuple[str, ...]:
    """Make a given key valid and revoke those given before; their beginnings."""
    before = [one for one in await keys.list_of(session, project.team_id) if one.name == GIVEN and not one.revoked_at]
    await verbs.make_key(session, project, name=GIVEN, scopes=auth.SCOPES, days=None, secret=key)
    return tuple([(await keys.revoke(session, one.id, now=clock.now())).prefix for one in before])
