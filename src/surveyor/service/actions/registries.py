"""A project's logins for container registries: kept, exchanged, forgotten, and opened for the scan that needs one."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

from surveyor.scan.errors import BadTarget
from surveyor.scan.formats import reference
from surveyor.scan.formats.reference import Reference
from surveyor.scan.settings import Login, Logins
from surveyor.service.actions import addresses, hosts
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import registry_logins
from surveyor.service.store.database import Sessions
from surveyor.service.store.registry_logins import RegistryLogin

#: Logins of one project.
MOST = 50
HOST_LENGTH, NAME_LENGTH, PASSWORD_LENGTH = 255, 255, 8192
_WHERE = "this project's registries"


async def listed(sessions: Sessions, *, team_id: UUID, project_id: UUID) -> list[RegistryLogin]:
    """A project's logins, by host; a password is never among what is shown."""
    async with sessions() as session:
        return await registry_logins.of_project(session, team_id, project_id)


async def create(
    platform: Platform, *, team_id: UUID, project_id: UUID, host: str, username: str, password: str
) -> RegistryLogin:
    """Keep a login; InvalidParams for a registry that must not be asked, Conflict where it has one already."""
    host = await _judged(platform, project_id, host)
    _judge(username=username, password=password)
    login_id = uuid4()
    sealed = platform.vault.seal(password, owner=owner(login_id))
    async with platform.sessions() as session, session.begin():
        if len(await registry_logins.of_project(session, team_id, project_id)) >= MOST:
            raise Conflict(f"a project has at most {MOST} registries")
        made = await registry_logins.add(
            session,
            login_id=login_id,
            team_id=team_id,
            project_id=project_id,
            host=host,
            username=username,
            sealed=sealed,
        )
    if made is None:
        raise Conflict(f"there is a login for {host} already; change it, or forget it first")
    return made


async def change(
    platform: Platform,
    *,
    team_id: UUID,
    project_id: UUID,
    login_id: UUID,
    password: str,
    username: str | None = None,
) -> RegistryLogin:
    """Exchange a password, and the name with it; it stays with its registry, so that nobody can have it sent away."""
    _judge(username=username, password=password)
    values: dict[str, object] = {"sealed": platform.vault.seal(password, owner=owner(login_id))}
    if username is not None:
        values["username"] = username
    async with platform.sessions() as session, session.begin():
        changed = await registry_logins.change(session, team_id, project_id, login_id, **values)
    if changed is None:
        raise NotFound("no such registry")
    return changed


async def remove(sessions: Sessions, *, team_id: UUID, project_id: UUID, login_id: UUID) -> None:
    """Forget a login and its password."""
    async with sessions() as session, session.begin():
        if not await registry_logins.remove(session, team_id, project_id, login_id):
            raise NotFound("no such registry")


async def logins_for(platform: Platform, *, project_id: UUID, named: Reference) -> Logins:
    """What a scan of an image may show its registry; SecretUnreadable where it cannot be opened."""
    async with platform.sessions() as session:
        held = await registry_logins.for_host(session, project_id, named.host)
    if held is None:
        return Logins(looked=(_WHERE,))
    password = platform.vault.open(held.sealed, owner=owner(held.id))
    login = Login(host=held.host, source=_WHERE, username=held.username, password=password)
    return Logins(found=(login,), looked=(_WHERE,))


def owner(login_id: UUID) -> str:
    """Whose a sealed password is."""
    return f"registry:{login_id}"


async def _judged(platform: Platform, project_id: UUID, host: str) -> str:
    try:
        name = reference.registry_host(host)
    except BadTarget as error:
        raise InvalidParams(str(error), details={"host": ["form"]}) from error
    endpoint = reference.parse(f"{name}/x").endpoint
    await hosts.judged(platform, project_id, partial(addresses.judge, f"https://{endpoint}/v2/", field="host"))
    return name


def _judge(*, username: str | None, password: str) -> None:
    # RFC 7617: a name ends at its first colon
    if username is not None and not (
        0 < len(username) <= NAME_LENGTH and username.isprintable() and ":" not in username
    ):
        raise InvalidParams(
            f"username is 1 to {NAME_LENGTH} printable characters without a colon", details={"username": ["form"]}
        )
    if not 0 < len(password) <= PASSWORD_LENGTH or "\0" in password:
        raise InvalidParams(f"password is 1 to {PASSWORD_LENGTH:,} characters", details={"password": ["form"]})
