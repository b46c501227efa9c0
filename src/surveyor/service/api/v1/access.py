"""Who calls, for which project, and whether they may: decided before a route reads anything of the body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from surveyor.service.actions.platform import Platform
from surveyor.service.api.v1 import query
from surveyor.service.auth import READ, WRITE, Auth, Identity
from surveyor.service.errors import NotFound
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


def _with(scope: str) -> Callable[..., Awaitable[Caller]]:
    async def caller(
        request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Caller:
        org, project = (request.path_params.get(name) for name in ("org_id", "project_id"))
        admitted = await auth_of(request).by_key(
            given.credentials if given else None, scope=scope, strict=_presses(request), org=org, project=project
        )
        identity, state = admitted.identity, request.state
        state.window, state.team_id = admitted.window, str(identity.team_id)
        identity.need(scope)
        if admitted.place is None:
            raise NotFound("No such project")
        await query.judge(request)
        return Caller(identity=identity, team_id=identity.team_id, project_id=admitted.place)

    return caller


def _presses(request: Request) -> bool:
    """Whether this request's route spends the strict budget: one statement admits a request and counts it."""
    return any(needed.dependency is strict for needed in request.scope["route"].dependencies)


async def strict() -> None:
    """Declare that a route spends the team's strict budget instead of the one for everything else."""


async def named_project(
    org_id: Annotated[str, Path(min_length=1, max_length=64, description="The team's id or slug")],
    project_id: Annotated[str, Path(min_length=1, max_length=64, description="The project's id or slug")],
) -> None:
    """Declare the canonical prefix's parameters; ``Reader`` and ``Writer`` look them up."""


Reader = Annotated[Caller, Depends(_with(READ))]
Writer = Annotated[Caller, Depends(_with(WRITE))]
