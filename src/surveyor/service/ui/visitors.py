"""Who looks at the pages: the session behind the cookie, and forms that prove they are ours."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from surveyor.service.actions import advisories
from surveyor.service.actions.platform import Platform
from surveyor.service.auth import Auth, Identity, SignedIn, check_csrf, check_origin
from surveyor.service.errors import BadRequest, TooLarge, Unauthorized
from surveyor.service.ui.feeds import FeedLine, FeedView, lines, views

_FORM_BYTES = 16 << 10
_FORM_FIELDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The advisories behind verdicts: their feeds, whether an update is under way, and why the last one failed.

    ``asked`` is when the last update was asked for; ``told`` whether one said what the database holds.
    """

    sources: tuple[FeedView, ...]
    told: bool
    asked: datetime | None
    running: bool
    error: str | None

    @property
    def feeds(self) -> tuple[FeedLine, ...]:
        """The same with one line a feed."""
        return lines(self.sources)


def platform_of(request: Request) -> Platform:
    """What verbs stand on."""
    platform: Platform = request.app.state.platform
    return platform


def auth_of(request: Request) -> Auth:
    """Who looks up sessions."""
    auth: Auth = request.app.state.auth
    return auth


async def visitor(request: Request) -> Identity:
    """Who is signed in; Unauthorized sends a browser to the sign-in page."""
    identity = await auth_of(request).by_session(session_token(request))
    if identity is None:
        raise Unauthorized("Sign in first")
    request.state.team_id = str(identity.team_id)
    return identity


async def form(request: Request) -> dict[str, str]:
    """A small form, judged by its origin; the first value of each name."""
    _check_origin(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest("A form is expected here")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES:
            raise TooLarge(f"A form here is at most {_FORM_BYTES:,} bytes", limit=_FORM_BYTES)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FORM_FIELDS)
    except ValueError as error:
        raise BadRequest("The form could not be read") from error
    return dict(reversed(pairs))


async def submitted(request: Request) -> tuple[Identity, dict[str, str]]:
    """Who sent a form, and the form; refused unless it carries the session's own token."""
    identity = await visitor(request)
    fields = await form(request)
    check_csrf(identity, fields.get("csrf"))
    return identity, fields


async def scripted(request: Request) -> Identity:
    """Who sent a request by script, with the token in a header; the body is not touched."""
    _check_origin(request)
    identity = await visitor(request)
    check_csrf(identity, request.headers.get("x-csrf-token"))
    return identity


async def freshness(request: Request) -> Freshness:
    """How fresh the advisories are."""
    platform = platform_of(request)
    asked, done = await advisories.latest(platform.sessions)
    held = done.sources if done else await asyncio.to_thread(_file, platform.scan.advisories)
    return Freshness(
        sources=views(held, stale_after=platform.scan.feeds.stale_after, now=datetime.now(UTC)),
        told=done is not None,
        asked=asked.inserted_at if asked else None,
        running=asked is not None and asked.status in {"queued", "running"},
        error=asked.error if asked and asked.status == "failed" else None,
    )


def _file(path: Path | None) -> tuple[dict[str, Any], ...]:
    """A database that came by the command line: its file's date, since it is not opened in this process."""
    try:
        written = path.stat().st_mtime if path else None
    except OSError:
        return ()
    return () if written is None else ({"feed": "Loaded", "date": datetime.fromtimestamp(written, UTC).isoformat()},)


def session_token(request: Request) -> str | None:
    """The session's cookie."""
    return request.cookies.get(_cookie(request))


def remember(request: Request, response: Response, signed: SignedIn) -> None:
    """Give the browser its session: out of reach of scripts, and not sent along by other sites' forms."""
    lives = int((signed.expires_at - datetime.now(UTC)).total_seconds())
    response.set_cookie(
        _cookie(request), signed.token, max_age=lives, path="/", secure=_secure(request), httponly=True, samesite="lax"
    )


def forget(request: Request, response: Response) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(_cookie(request), path="/", secure=_secure(request), httponly=True, samesite="lax")


def _check_origin(request: Request) -> None:
    own = frozenset({f"{scheme}://{request.headers.get('host', '')}" for scheme in ("http", "https")})
    check_origin(site=request.headers.get("sec-fetch-site"), origin=request.headers.get("origin"), own=own)


def _secure(request: Request) -> bool:
    secure: bool = request.app.state.secure
    return secure


def _cookie(request: Request) -> str:
    # the prefix makes browsers refuse a cookie that another host of the domain planted; it needs https
    return "__Host-surveyor" if _secure(request) else "surveyor"
