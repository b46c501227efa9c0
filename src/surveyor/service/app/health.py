"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from surveyor.service.errors import ServiceError

_SECONDS = 2.0


async def alive(request: Request) -> Response:  # noqa: ARG001 - a route's signature
    """``GET /healthz``: the loop turns; says nothing about the database, so that nobody restarts us for its sake."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """``GET /readyz``: 200 when the database and the store answer, else 503 naming what does not."""
    parts = {"database": await _database(request), "storage": await _storage(request)}
    whole = all(state == "ok" for state in parts.values())
    return JSONResponse({"status": "ok" if whole else "unavailable", "parts": parts}, 200 if whole else 503)


async def _database(request: Request) -> str:
    try:
        async with asyncio.timeout(_SECONDS), request.app.state.platform.sessions() as session:
            await session.execute(text("select 1"))
    except (SQLAlchemyError, TimeoutError):
        return "does not answer"
    return "ok"


async def _storage(request: Request) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            await request.app.state.platform.storage.check()
    except (ServiceError, TimeoutError):
        return "does not answer"
    return "ok"
