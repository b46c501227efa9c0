"""Nothing of a request is taken silently: a parameter given twice, one that no route knows, a body where none is read.

The framework would take the last of two values and leave out what it does not know; a caller that mistyped a filter
would read a list of everything as one that was narrowed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from surveyor.service.errors import InvalidParams

_SHOWN, _NAME = 20, 100
_known: dict[Callable[..., Any], frozenset[str]] = {}


async def judge(request: Request) -> None:
    """Refuse what the route of a request does not take; free for a request without a query and a body."""
    if request.scope["query_string"]:
        _judge_query(request)
    if request.method != "GET" and not _takes_body(request.scope["route"]) and _is_sent(request):
        await _judge_body(request)


def _judge_query(request: Request) -> None:
    known = _names(request.scope["route"])
    wrong: dict[str, list[str]] = {}
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            wrong[name[:_NAME]] = ["this path takes no such parameter"]
        elif times > 1:
            wrong[name] = [f"given {times} times, and once is meant"]
    if wrong:
        shown = dict(list(wrong.items())[:_SHOWN])
        raise InvalidParams(f"Not acceptable: {', '.join(shown)}", details=shown)


def _names(route: APIRoute) -> frozenset[str]:
    """The parameters that a route declares, read once a route."""
    if (known := _known.get(route.endpoint)) is None:
        known = frozenset(name for field in route.dependant.query_params for name in _declared(field))
        _known[route.endpoint] = known
    return known


def _declared(field: object) -> list[str]:
    """One parameter's name, or the names of all that are declared as one model's fields."""
    kind = field.field_info.annotation  # type: ignore[attr-defined]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [given.alias or name for name, given in kind.model_fields.items()]
    return [field.alias]  # type: ignore[attr-defined]


def _takes_body(route: APIRoute) -> bool:
    # a stream is read by its route itself, and so only described
    return route.body_field is not None or "requestBody" in (route.openapi_extra or {})


def _is_sent(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


async def _judge_body(request: Request) -> None:
    """Programs send an empty object where there is nothing to say; anything else was meant, and would be lost."""
    body = (await request.body()).strip()
    try:
        empty = not body or orjson.loads(body) == {}
    except orjson.JSONDecodeError:
        empty = False
    if not empty:
        raise InvalidParams("This path takes no body", details={"body": ["this path takes none"]})
