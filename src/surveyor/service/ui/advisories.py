"""The advisories as pages see them: whether there are any, asking for newer ones, and what was scanned without."""

from __future__ import annotations

import contextlib
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from surveyor.service.actions import advisories, scans
from surveyor.service.errors import Conflict, RateLimited
from surveyor.service.ui import frames
from surveyor.service.ui.render import fragment, page
from surveyor.service.ui.scans import scan_id
from surveyor.service.ui.visitors import Freshness, auth_of, freshness, platform_of, submitted, visitor
from surveyor.service.ui.words import own


async def show(request: Request) -> Response:
    """``GET /advisories``: the notice of the first page, which asks for itself until there are some."""
    who = await visitor(request)
    unmatched = await advisories.unmatched(platform_of(request).sessions, **own(who))
    known = await freshness(request)
    return _with_feeds(fragment("_advisories.html", who=who, advisories=known, unmatched=unmatched, fresh=True), known)


async def feeds(request: Request) -> Response:
    """``GET /feeds``: every feed with its date, its age and its failure."""
    return page("feeds.html", here="feeds", who=await visitor(request), advisories=await freshness(request))


async def of_scan(request: Request) -> Response:
    """``GET /scans/{scan_id}/advisories``: the same for what a scan without advisories offers."""
    who = await visitor(request)
    scan = await scans.find(platform_of(request).sessions, **own(who), scan_id=scan_id(request))
    known = await freshness(request)
    return _with_feeds(fragment("_update.html", who=who, advisories=known, scan={"id": scan.id}), known)


async def update(request: Request) -> Response:
    """``POST /advisories/update``: ask for newer advisories; asking twice is no mistake."""
    _, fields = await submitted(request)
    # a conflict means that one is under way, which is what was wanted
    with contextlib.suppress(Conflict):
        await advisories.request_update(platform_of(request).sessions)
    return RedirectResponse("/feeds" if "feeds" in fields else _back(fields.get("scan", "")), 303)


async def again(request: Request) -> Response:
    """``POST /scans/{scan_id}/again``: a new scan of the same, now that there are advisories."""
    who, _ = await submitted(request)
    request.state.window = await auth_of(request).spend(who.team_id, "strict")
    made = await scans.retry(platform_of(request), **own(who), scan_id=scan_id(request))
    return RedirectResponse(f"/scans/{made.id}", 303)


async def rescan(request: Request) -> Response:
    """``POST /advisories/rescan``: the same for all that were scanned without; what is over the limit stays offered."""
    who, _ = await submitted(request)
    platform = platform_of(request)
    with contextlib.suppress(RateLimited):
        for one in await advisories.unmatched(platform.sessions, **own(who)):
            request.state.window = await auth_of(request).spend(who.team_id, "strict")
            # its file may have been removed since
            with contextlib.suppress(Conflict):
                await scans.retry(platform, **own(who), scan_id=one.id)
    return RedirectResponse("/", 303)


def _back(given: str) -> str:
    try:
        return f"/scans/{UUID(given)}"
    except ValueError:
        return "/"


def _with_feeds(html: str, known: Freshness) -> HTMLResponse:
    """A piece of a page, and the line at its side that tells how fresh the advisories are."""
    return HTMLResponse(html + frames.partial("feeds", fragment("_feeds.html", advisories=known)))
