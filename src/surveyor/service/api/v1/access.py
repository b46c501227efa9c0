"""Who calls, for which project, and whether they may: decided before a route reads anything of the body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from surveyor.service.actions.platform import Platform
from surveyor.service.auth import READ, WRITE, Auth, Identity
from surveyor.service.live.stream import Streams

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="An API key: sv_live_ and 43 characters. Reading needs the scope audit:read, the rest audit:write.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A request that may act: for this team, in this project."""

    identity: Identity
    team_id: UUID
    project_id: UUID


def platform_of(request: Request) -> Platform:
    """What verbs stand on."""
    platform: Platform = request.app.state.platform
    return platform


def auth_of(request: Request) -> Auth:
    """Who looks up callers."""
    auth: Auth = request.app.state.auth
    return auth


def streams_of(request: Request) -> Streams:
    """What follows scans."""
    streams: Streams = request.app.state.streams
    return streams


async def _identity(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Identity:
    identity, window = await auth_of(request).by_key(given.credentials if given else None)
    request.state.window, request.state.team_id = window, str(identity.team_id)
    return identity


def _with(scope: str) -> Callable[..., Awaitable[Caller]]:
    async def caller(request: Request, identity: Annotated[Identity, Depends(_identity)]) -> Caller:
        identity.need(scope)
        org, project = (request.path_params.get(name) for name in ("org_id", "project_id"))
        if org is None or project is None:
            return Caller(identity=identity, team_id=identity.team_id, project_id=identity.project_id)
        place = await auth_of(request).project(identity, org, project)
        return Caller(identity=identity, team_id=place.team_id, project_id=place.id)

    return caller


async def strict(request: Request, caller: Writer) -> None:
    """Count this request on the team's strict budget as well, before its body is looked at."""
    request.state.window = await auth_of(request).spend(caller.team_id, "strict")


async def named_project(
    org_id: Annotated[str, Path(min_length=1, max_length=64, description="The team's id or slug")],
    project_id: Annotated[str, Path(min_length=1, max_length=64, description="The project's id or slug")],
) -> None:
    """Declare the canonical prefix's parameters; ``Reader`` and ``Writer`` look them up."""


Reader = Annotated[Caller, Depends(_with(READ))]
Writer = Annotated[Caller, Depends(_with(WRITE))]
