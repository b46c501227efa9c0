"""Every failure as an answer: an envelope for programs, a page for people, never a stack trace for either."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from surveyor.service.auth import Window
from surveyor.service.errors import (
    BadRequest,
    DatabaseUnavailable,
    Forbidden,
    InvalidParams,
    LengthRequired,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    ServiceError,
    Unauthorized,
    UnsupportedMediaType,
)
from surveyor.service.ui.pages import failure as failure_page
from surveyor.service.ui.way_back import sign_in

_log = structlog.get_logger("surveyor.http")
_WORDS: Mapping[int, tuple[type[ServiceError], str]] = {
    400: (BadRequest, "The request could not be read"),
    401: (Unauthorized, "Sign in first"),
    403: (Forbidden, "Not allowed"),
    404: (NotFound, "There is nothing at this address"),
    405: (MethodNotAllowed, "This address does not answer this method"),
    411: (LengthRequired, "A length is needed"),
    415: (UnsupportedMediaType, "This kind of body is not read here"),
    422: (InvalidParams, "A value is not acceptable"),
}
_SHOWN = 20


async def answer(request: Request, error: Exception) -> Response:
    """The answer to a request that failed. What is not one of ours is logged whole and told as an internal error."""
    known = known_error(error)
    allowed = _methods(request, error)
    if allowed and request.method not in allowed:
        known = MethodNotAllowed(_WORDS[405][1])
    request.app.state.metrics.failure(known.code)
    if known.status >= 500:
        _log.error("request failed", request_id=request.state.request_id, path=request.url.path[:200], exc_info=error)
    if isinstance(known, RateLimited):
        request.state.window = Window(limit=known.limit, remaining=0, reset=known.reset)
    headers = dict(known.headers()) | ({"allow": ", ".join(allowed)} if isinstance(known, MethodNotAllowed) else {})
    if not _is_page(request):
        return JSONResponse(envelope(request, known), known.status, headers)
    if isinstance(known, Unauthorized) and request.method == "GET":
        return RedirectResponse(sign_in(request), 303)
    return failure_page(known, request_id=request.state.request_id, headers=headers)


def envelope(request: Request, error: ServiceError) -> dict[str, object]:
    """The failure envelope of the API."""
    told: dict[str, object] = {"code": error.code, "message": error.message}
    if error.details:
        told["details"] = error.details
    return {"data": None, "meta": {"request_id": request.state.request_id}, "error": told}


def known_error(error: Exception) -> ServiceError:
    """Any error as one of the service's tree."""
    # the framework tells an error met while it read a body as a 400; the cause says what it was
    if isinstance(error, HTTPException) and isinstance(error.__cause__, ServiceError):
        return error.__cause__
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, RequestValidationError):
        return _unreadable(error) or _unread(error) or _invalid(error)
    if isinstance(error, ClientDisconnect):
        return BadRequest("The connection was lost before the whole body had come")
    if isinstance(error, HTTPException):
        kind, words = _WORDS.get(error.status_code, (ServiceError, "The request failed"))
        return kind(words)
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return DatabaseUnavailable("The database does not answer; try again in a moment")
    return ServiceError("Something went wrong on our side; the request id finds it in the log")


def _unreadable(error: RequestValidationError) -> BadRequest | None:
    first = error.errors()[0]
    if first["type"] != "json_invalid":
        return None
    return BadRequest("The body is not JSON", details={"reason": str(first.get("ctx", {}).get("error", ""))})


def _unread(error: RequestValidationError) -> UnsupportedMediaType | None:
    """A body that the framework did not read as JSON, since its content-type says that it is something else."""
    first = error.errors()[0]
    if tuple(first["loc"]) != ("body",) or not isinstance(first.get("input"), bytes):
        return None
    return UnsupportedMediaType("Bodies are read as JSON only; say so: content-type: application/json")


def _invalid(error: RequestValidationError) -> InvalidParams:
    fields: dict[str, list[str]] = {}
    for item in error.errors()[:_SHOWN]:
        place = [str(part) for part in item["loc"] if part not in {"body", "query", "path", "header"}]
        fields.setdefault(".".join(place)[:100] or "body", []).append(str(item["msg"])[:300])
    names = ", ".join(fields)
    return InvalidParams(f"Not acceptable: {names}", details=dict(fields))


def _methods(request: Request, error: Exception) -> list[str]:
    """What an address answers, where that is in question: by the description's path that fits it with most words.

    A router stops at the first pattern, so it names one method of several; and a fixed address such as ``…/run`` also
    fits the pattern ``…/{id}`` of another method, which then misses its id.
    """
    if isinstance(error, RequestValidationError):
        asked = any(item["loc"][:1] == ("path",) for item in error.errors())
    else:
        asked = isinstance(error, HTTPException) and error.status_code == 405
    if not asked:
        return []
    path, known = request.url.path, request.app.openapi()["paths"]
    fitting = [name for name in known if _fits(name, path)]
    fewest = min((name.count("{") for name in fitting), default=0)
    names = [name for name in fitting if name.count("{") == fewest]
    listed = {method.upper() for name in names for method in known[name]}
    told = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    return sorted(listed) or told.replace(",", " ").split()


def _fits(template: str, path: str) -> bool:
    wanted, given = template.split("/"), path.split("/")
    pairs = zip(wanted, given, strict=False)
    return len(wanted) == len(given) and all(want == part or (want[:1] == "{" and part) for want, part in pairs)


def _is_page(request: Request) -> bool:
    if request.url.path.startswith("/api/"):
        return False
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "text/event-stream" not in accept
