"""The project's logins for container registries: one page to keep, exchange and forget them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from surveyor.service.actions import registries
from surveyor.service.auth import Identity
from surveyor.service.errors import Conflict, InvalidParams, NotFound, ServiceError
from surveyor.service.ui import words
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import freshness, platform_of, submitted, visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody typed, never the password, with ``of``, the login that was to change."""

    host: str = ""
    username: str = ""
    of: UUID | None = None


async def show(request: Request) -> Response:
    """``GET /registries``."""
    return await _page(request, await visitor(request), Given())


async def create(request: Request) -> Response:
    """``POST /registries``: keep a login."""
    who, fields = await submitted(request)
    given = Given(host=fields.get("host", "").strip(), username=fields.get("username", "").strip())
    try:
        await registries.create(
            platform_of(request),
            **words.own(who),
            host=given.host,
            username=given.username,
            password=_password(fields),
        )
    except (InvalidParams, Conflict) as error:
        return await _page(request, who, given, error)
    return _back()


async def change(request: Request) -> Response:
    """``POST /registries/{registry_id}``: another password, and the name with it."""
    who, fields = await submitted(request)
    given = Given(username=fields.get("username", "").strip(), of=_id(request))
    try:
        await registries.change(
            platform_of(request),
            **words.own(who),
            login_id=_id(request),
            username=given.username,
            password=_password(fields),
        )
    except InvalidParams as error:
        return await _page(request, who, given, error)
    return _back()


async def remove(request: Request) -> Response:
    """``POST /registries/{registry_id}/delete``: forget it; one that is gone already is gone."""
    who, _ = await submitted(request)
    one = _id(request)
    with contextlib.suppress(NotFound):
        await registries.remove(platform_of(request).sessions, **words.own(who), login_id=one)
    return _back()


async def _page(request: Request, who: Identity, given: Given, error: ServiceError | None = None) -> Response:
    held = await registries.listed(platform_of(request).sessions, **words.own(who))
    return page(
        "registries.html",
        status=error.status if error else 200,
        here="registries",
        who=who,
        advisories=await freshness(request),
        logins=held,
        given=given,
        wrong=words.said(error.message) if error else "",
        limits={"host": registries.HOST_LENGTH, "name": registries.NAME_LENGTH, "password": registries.PASSWORD_LENGTH},
    )


def _password(fields: Mapping[str, str]) -> str:
    """As it was typed: white space around it may be part of it."""
    return fields.get("password", "")


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["registry_id"])
    except ValueError as error:
        raise NotFound("There is no such registry") from error


def _back() -> RedirectResponse:
    return RedirectResponse("/registries", 303)
