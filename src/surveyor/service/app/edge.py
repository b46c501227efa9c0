"""The outermost layer of every request: id, Host allow-list, bound of the body, headers, log line, last resort.

Plain ASGI, so that streams pass through untouched, and outside of the framework's own error layer, so that a 500
carries the same headers as everything else.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from surveyor.service.app.metrics import Metrics
from surveyor.service.errors import BadRequest, TooLarge

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        # a page of ours may frame one that allows it, and by default none does
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # same-origin, not no-referrer: under the latter browsers send "Origin: null" with our own forms
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: Anything but an upload is a form or a small JSON object.
BODY_BYTES = 1 << 20
_DRAIN_BYTES = 8 << 20
_DRAIN_SECONDS = 0.5

Failure = Callable[[Request, Exception], Awaitable[Response]]
_log = structlog.get_logger("surveyor.http")


class Edge:
    """Wraps the application; ``failure`` renders what nothing inside has caught, ``hosts`` are names we answer to."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: tuple[str, ...],
        secure: bool,
        metrics: Metrics,
        failure: Failure,
        upload_bytes: int,
    ) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._headers = HEADERS | ({"strict-transport-security": "max-age=31536000"} if secure else {})
        self._metrics = metrics
        self._failure = failure
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload_bytes if scope["path"].endswith("/uploads") else BODY_BYTES
        exchange = _Exchange(scope, receive, send, headers=self._headers, limit=limit)
        began = time.perf_counter()
        try:
            self._check_host(Headers(scope=scope))
            exchange.check_length()
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - the web error handler, one of the three places design §8 allows
            await self._fail(scope, exchange, error)
        finally:
            self._tell(scope, exchange, time.perf_counter() - began)

    def _check_host(self, headers: Headers) -> None:
        name = headers.get("host", "").strip().lower()
        host = name if name.endswith("]") else name.rpartition(":")[0] if ":" in name else name
        if host.rstrip(".") not in self._hosts:
            raise BadRequest("This host name is not served here; the setting allowed_hosts names those that are")

    async def _fail(self, scope: Scope, exchange: _Exchange, error: Exception) -> None:
        if exchange.answered:  # by the framework's own layer, which passes the error on all the same
            return
        if exchange.status is not None:  # half an answer is out: cut the connection rather than pretend it is whole
            raise error
        response = await self._failure(Request(scope), error)
        await response(scope, exchange.receive, exchange.send)

    def _tell(self, scope: Scope, exchange: _Exchange, seconds: float) -> None:
        route = _template(scope)
        status = exchange.status or 0
        self._metrics.request(scope["method"], route, status, seconds, exchange.received)
        # the path without its query: a sign-in link's token is in there
        _log.info(
            "request",
            method=scope["method"],
            path=scope["path"][:200],
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=scope["state"]["request_id"],
            team=scope["state"].get("team_id"),
        )


def _template(scope: Scope) -> str:
    """The path with the names of its parameters; ``none`` when no route took it."""
    path: str = getattr(scope.get("route"), "path", "none")
    if path == "none" or ":path}" in path:
        return path
    # the whole path: of a route inside a router the framework tells only its own part
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in scope["path"].split("/"))


class _Exchange:
    """One request and its answer: counts the body in, adds headers to what goes out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, headers: dict[str, str], limit: int) -> None:
        self.status: int | None = None
        self.answered = False
        #: Bytes of the body so far.
        self.received = 0
        self._receive, self._send, self._extra = receive, send, headers
        self._scope = scope
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._state["request_id"] = f"r-{secrets.token_urlsafe(12)}"
        self._given = Headers(scope=scope)
        self._limit = limit
        self._ended = scope["method"] in {"GET", "HEAD"} or not self._has_body()

    def _has_body(self) -> bool:
        return self._given.get("content-length", "0") != "0" or "transfer-encoding" in self._given

    def check_length(self) -> None:
        """Refuse by the announced length, before a byte is read."""
        length = self._given.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > self._limit:
            raise self._too_large()

    def _too_large(self) -> TooLarge:
        return TooLarge(f"A body here is at most {self._limit:,} bytes", limit=self._limit)

    async def receive(self) -> Message:
        """The next part of the body, while it is within its bound."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._ended = self._ended or not message.get("more_body", False)
            self.received += len(message.get("body", b""))
            if self.received > self._limit:
                raise self._too_large()
        else:
            self._ended = True
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer; the first one gets the headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            await self._settle(message)
        await self._send(message)
        self.answered = message["type"] == "http.response.body" and not message.get("more_body", False)

    async def _settle(self, message: Message) -> None:
        headers = MutableHeaders(raw=message.setdefault("headers", []))
        for name, value in self._extra.items():
            headers.setdefault(name, value)
        headers["x-request-id"] = self._state["request_id"]
        headers.setdefault("cache-control", "no-store")
        if (window := self._state.get("window")) is not None:
            headers["x-ratelimit-limit"] = str(window.limit)
            headers["x-ratelimit-remaining"] = str(window.remaining)
            headers["x-ratelimit-reset"] = str(window.reset)
        if not self._ended:
            await self._drain()
        if not self._ended:
            # the rest is not wanted; without this the server would read gigabytes only to keep the connection
            headers["connection"] = "close"
        message["headers"] = headers.raw

    async def _drain(self) -> None:
        """Read on for a moment, so that a client busy sending sees the answer; never invite one that waits to be."""
        if self._given.get("expect", "").lower() == "100-continue":
            return
        read = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self._ended and read < _DRAIN_BYTES:
                    message = await self._receive()
                    read += len(message.get("body", b""))
                    self.received += len(message.get("body", b""))
                    self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            return
