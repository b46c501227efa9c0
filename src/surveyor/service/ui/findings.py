"""All findings of the project, narrowed and in an order; every choice is in the address."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from surveyor.service.actions import findings
from surveyor.service.ui import narrowing, rows, words
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import freshness, platform_of, visitor

_PAGE = 50
_CURSOR_LENGTH = 300


async def show(request: Request) -> Response:
    """``GET /findings``."""
    who = await visitor(request)
    asked = narrowing.read(request.query_params)
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH] or None
    found = await findings.page(
        platform_of(request).sessions, **words.own(who), wanted=asked.wanted, limit=_PAGE, after=cursor
    )
    return page(
        "findings.html",
        here="findings",
        who=who,
        advisories=await freshness(request),
        facets=narrowing.FACETS,
        orders=narrowing.ORDERS,
        asked=asked,
        findings={
            "rows": [rows.finding(row) for row in found.items],
            "total": found.total,
            "estimate": found.total_is_estimate,
            "next": f"/findings?{urlencode({**asked.kept, 'cursor': found.next_cursor})}"
            if found.next_cursor
            else None,
            "first": f"/findings?{urlencode(asked.kept)}" if asked.kept else "/findings",
            "later": bool(cursor),
        },
    )
