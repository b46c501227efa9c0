"""Private hosts that one project may scan: named by whoever runs the service, beside those of the settings.

They are for scans and proofs of this project and for nothing else: not for other projects, and not for webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from surveyor.scan.errors import BadTarget
from surveyor.scan.settings import AllowedHost, Settings, parse_allowed_host
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import InvalidParams, NotFound
from surveyor.service.store import teams
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.teams import Project

T = TypeVar("T")

#: Letters of any script: a name is compared in the spelling of the DNS.
_NAME = re.compile(r"[\w.-]+")

#: Hosts of one project, and characters of one: the longest name and a port.
MOST = 100
LENGTH = 262


async def listed(sessions: Sessions, *, project_id: UUID) -> list[str]:
    """A project's private hosts, in the order of the alphabet."""
    async with sessions() as session:
        return await teams.allowed_hosts(session, project_id)


async def put(sessions: Sessions, *, project_id: UUID, hosts: list[str]) -> list[str]:
    """Let a project's scans ask just these; InvalidParams for what is no ``HOST`` or ``HOST:PORT``."""
    async with sessions() as session, session.begin():
        return await _keep(session, project_id, {_spelled(host) for host in hosts})


async def allow(sessions: Sessions, *, team: str, project: str, host: str) -> list[str]:
    """Let the scans of a project, by ids or slugs, ask one more; all that they may ask by then."""
    async with sessions() as session, session.begin():
        place = await _project(session, team, project)
        held = await teams.hold_hosts(session, place.id)
        return await _keep(session, place.id, {*held, _spelled(host)})


async def forbid(sessions: Sessions, *, team: str, project: str, host: str) -> list[str]:
    """Take one back; NotFound where it was not allowed."""
    async with sessions() as session, session.begin():
        place = await _project(session, team, project)
        held, gone = await teams.hold_hosts(session, place.id), _spelled(host)
        if gone not in held:
            raise NotFound(f"{gone} is not one of the project's private hosts")
        return await _keep(session, place.id, {*held} - {gone})


async def of_project(sessions: Sessions, *, team: str, project: str) -> list[str]:
    """Those of a project by its team's and its own id or slug."""
    async with sessions() as session:
        return sorted((await _project(session, team, project)).allow_hosts)


async def settings_of(platform: Platform, project_id: UUID) -> Settings:
    """The scanner's settings for a project: those of the service where it has no hosts of its own."""
    hosts = await listed(platform.sessions, project_id=project_id)
    own = tuple(parse_allowed_host(host) for host in hosts)
    return replace(platform.scan, allow_hosts=(*platform.scan.allow_hosts, *own)) if own else platform.scan


async def judged(platform: Platform, project_id: UUID, judge: Callable[[Settings], Awaitable[T]]) -> T:
    """What ``judge`` says of an address for a project; its own hosts are looked up only for what is refused without."""
    try:
        return await judge(platform.scan)
    except InvalidParams:
        settings = await settings_of(platform, project_id)
        if settings is platform.scan:
            raise
        return await judge(settings)


async def _keep(session: Session, project_id: UUID, hosts: set[str]) -> list[str]:
    if len(hosts) > MOST:
        raise InvalidParams(f"a project has at most {MOST} private hosts", details={"hosts": ["too_many"]})
    kept = sorted(hosts)
    await teams.change_hosts(session, project_id, kept)
    return kept


async def _project(session: Session, team: str, project: str) -> Project:
    owner = await teams.find_team(session, team)
    place = None if owner is None else await teams.find_project(session, owner.id, project)
    if place is None:
        raise NotFound(f"there is no team {team}" if owner is None else f"the team has no project {project}")
    return place


def _spelled(host: str) -> str:
    """One spelling for a host, which is read again wherever it is used."""
    text = host.strip()
    try:
        found = parse_allowed_host(text, name="host")
    except BadTarget as error:
        raise InvalidParams(str(error), details={"hosts": ["form"]}) from error
    if len(text) > LENGTH or not (_NAME.fullmatch(found.host) or ":" in found.host):
        raise InvalidParams(f"{text[:LENGTH]!r}: a name or an address, and no pattern", details={"hosts": ["form"]})
    return _written(found)


def _written(found: AllowedHost) -> str:
    name = f"[{found.host}]" if ":" in found.host else found.host
    return name if found.port is None else f"{name}:{found.port}"
