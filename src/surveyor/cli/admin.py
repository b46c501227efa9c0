"""``surveyor admin``: teams, projects, keys and sign-in links, from the machine that holds the data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, TypeVar

from cyclopts import Parameter

from surveyor.cli import OK
from surveyor.cli.database import with_sessions
from surveyor.service import auth
from surveyor.service import config as settings
from surveyor.service.actions import bootstrap, hosts, sealing, teams
from surveyor.service.store.database import Sessions
from surveyor.service.store.keys import ApiKey
from surveyor.service.store.teams import DEFAULT_PROJECT
from surveyor.service.up import claim
from surveyor.service.vault import Vault

T = TypeVar("T")


def create_team(slug: str, *, name: str | None = None) -> int:
    """Create a team with its project ``default``.

    Parameters
    ----------
    slug
        Short name: a-z, 0-9 and -.
    name
        Name for people; the slug unless given.
    """
    return _tell(lambda s: teams.create_team(s, slug=slug, name=name), lambda team: [f"{team.id}  {team.slug}"])


def list_teams() -> int:
    """List teams, oldest first."""
    return _tell(teams.list_teams, lambda found: [f"{team.id}  {team.slug:<24} {team.name}" for team in found])


def create_project(slug: str, *, team: str = bootstrap.TEAM, name: str | None = None) -> int:
    """Create a project.

    Parameters
    ----------
    slug
        Short name: a-z, 0-9 and -.
    team
        The team's id or slug.
    name
        Name for people; the slug unless given.
    """
    return _tell(
        lambda s: teams.create_project(s, team=team, slug=slug, name=name), lambda made: [f"{made.id}  {made.slug}"]
    )


def list_projects(*, team: str = bootstrap.TEAM) -> int:
    """List a team's projects.

    Parameters
    ----------
    team
        The team's id or slug.
    """
    return _tell(
        lambda s: teams.list_projects(s, team=team), lambda found: [f"{p.id}  {p.slug:<24} {p.name}" for p in found]
    )


def create_key(
    name: str,
    *,
    team: str = bootstrap.TEAM,
    project: str = "default",
    scope: Annotated[list[str] | None, Parameter(negative=())] = None,
    days: int | None = teams.KEY_DAYS,
    forever: bool = False,
) -> int:
    """Create an API key and print it; it is not shown again.

    Parameters
    ----------
    name
        What the key is for.
    team
        The team's id or slug.
    project
        The project that short paths act on.
    scope
        audit:read, audit:write (which includes reading), or platform:write (what all teams share, such as the keys of
        language models). Repeatable; the first two unless given.
    days
        Days until the key expires.
    forever
        Make a key that never expires.
    """
    lives = None if forever else days
    scopes = tuple(scope or auth.SCOPES)
    return _tell(
        lambda s: teams.create_key(s, team=team, name=name, scopes=scopes, project=project, days=lives),
        lambda made: [made.secret],
    )


def list_keys(*, team: str = bootstrap.TEAM) -> int:
    """List a team's keys, newest first: id, beginning, scopes, end, last use and name; the rest of a key is not kept.

    Parameters
    ----------
    team
        The team's id or slug.
    """

    def lines(found: Iterable[ApiKey]) -> list[str]:
        return [
            f"{key.id}  {key.prefix}…  {' '.join(key.scopes):<24} {_state(key):<17} {_last_use(key):<27} {key.name}"
            for key in found
        ]

    return _tell(lambda s: teams.list_keys(s, team=team), lines)


def revoke_key(key: str, *, team: str = bootstrap.TEAM) -> int:
    """Revoke a key.

    Parameters
    ----------
    key
        The key's id, or its first characters: at least 8, and as many as no other key of the team begins with.
    team
        The team's id or slug.
    """
    return _tell(
        lambda s: teams.revoke_key(s, team=team, key=key), lambda gone: [f"revoked {gone.prefix}…  {gone.name}"]
    )


def allow_host(host: str, *, team: str = bootstrap.TEAM, project: str = DEFAULT_PROJECT) -> int:
    """Let the scans of one project ask a private host, or one on an unusual port; prints all that it may ask then.

    Parameters
    ----------
    host
        HOST, HOST:PORT or [IPV6]:PORT, as it stands in the addresses that are scanned.
    team
        The team's id or slug.
    project
        The project's id or slug.
    """
    return _tell(lambda s: hosts.allow(s, team=team, project=project, host=host), list)


def forbid_host(host: str, *, team: str = bootstrap.TEAM, project: str = DEFAULT_PROJECT) -> int:
    """Take one back; prints those that are left.

    Parameters
    ----------
    host
        As it is listed.
    team
        The team's id or slug.
    project
        The project's id or slug.
    """
    return _tell(lambda s: hosts.forbid(s, team=team, project=project, host=host), list)


def list_hosts(*, team: str = bootstrap.TEAM, project: str = DEFAULT_PROJECT) -> int:
    """List the private hosts that a project's scans may ask, beside those of SURVEYOR_ALLOW_HOSTS.

    Parameters
    ----------
    team
        The team's id or slug.
    project
        The project's id or slug.
    """
    return _tell(lambda s: hosts.of_project(s, team=team, project=project), list)


def create_link(*, team: str = bootstrap.TEAM) -> int:
    """Print a link that signs one browser in, once, within some minutes.

    Parameters
    ----------
    team
        The team's id or slug.
    """
    return _tell(
        lambda s: teams.create_link(s, team=team),
        lambda token: [f"{claim.address(settings.load())}/sign-in?token={token}"],
    )


def rotate_secret() -> int:
    """Exchange the installation's secret: everything sealed with it is sealed anew, sessions and links end.

    Stop the service first, start it afterwards. Where ``SURVEYOR_SECRET`` is set, the new value is printed; set it on
    every machine.
    """
    config = settings.load()
    new = config.next_secret_key()
    old, given = config.secret_key(), config.secret is not None

    def lines(count: int) -> list[str]:
        config.use_next_secret()
        told = f"{count} secrets are sealed anew; sessions and links made before are not valid any more"
        return [told, f"SURVEYOR_SECRET={new.hex()}"] if given else [told]

    return _tell(lambda s: sealing.reseal(s, old=Vault(old), new=Vault(new)), lines)


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "never expires"


def _last_use(key: ApiKey) -> str:
    return f"last used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"


def _tell(verb: Callable[[Sessions], Awaitable[T]], lines: Callable[[T], list[str]]) -> int:
    """Run one verb and print its result."""
    for line in lines(with_sessions(settings.load(), verb)):
        print(line)
    return OK
