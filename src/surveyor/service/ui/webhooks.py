"""The project's webhook: one page to make it, change it, try it, and see what became of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from surveyor.service.actions import switched, webhooks
from surveyor.service.auth import Identity
from surveyor.service.errors import InvalidParams, NotFound, RateLimited, ServiceError
from surveyor.service.store.webhooks import Webhook
from surveyor.service.ui import words
from surveyor.service.ui.render import fragment, page
from surveyor.service.ui.visitors import auth_of, freshness, platform_of, submitted, visitor

_DELIVERIES = 25
_CURSOR_LENGTH = 300
#: What each event means to a person.
WORDS = {
    webhooks.SCAN_DONE: "A scan has finished",
    webhooks.SCAN_FAILED: "A scan has failed",
    webhooks.SCAN_STALE: "A scan was ended because nobody worked on it any more",
    webhooks.NEW_CRITICAL: "A critical finding was seen for the first time",
    webhooks.REGRESSION: "A solved finding is open again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody typed and why it was not taken; with ``secret``, what was just made."""

    url: str = ""
    events: tuple[str, ...] = webhooks.EVENTS
    wrong: str = ""
    secret: str = ""
    rotated: bool = False


async def show(request: Request) -> Response:
    """``GET /webhooks``."""
    return await _page(request, await visitor(request))


async def create(request: Request) -> Response:
    """``POST /webhooks``: the answer is the page that shows the secret, for there is no other place to keep it."""
    who, fields = await submitted(request)
    given = _given(fields)
    try:
        made = await webhooks.create(
            platform_of(request), team_id=who.team_id, project_id=who.project_id, url=given.url, events=given.events
        )
    except ServiceError as error:
        return await _refused(request, who, given, error)
    return await _page(request, who, Given(secret=made.secret))


async def change(request: Request) -> Response:
    """``POST /webhooks/{webhook_id}``: URL and events."""
    who, fields = await submitted(request)
    given = _given(fields)
    wish = webhooks.Wish(url=given.url, events=given.events)
    try:
        await webhooks.change(
            platform_of(request),
            team_id=who.team_id,
            project_id=who.project_id,
            webhook_id=_id(request),
            wish=wish,
            who=who.who,
        )
    except InvalidParams as error:
        return await _refused(request, who, given, error)
    return _back()


async def switch(request: Request) -> Response:
    """``POST /webhooks/{webhook_id}/switch``: ``active`` is ``on`` or empty."""
    who, fields = await submitted(request)
    wish = webhooks.Wish(active=fields.get("active") == "on")
    await webhooks.change(
        platform_of(request),
        team_id=who.team_id,
        project_id=who.project_id,
        webhook_id=_id(request),
        wish=wish,
        who=who.who,
    )
    return _back()


async def rotate(request: Request) -> Response:
    """``POST /webhooks/{webhook_id}/rotate``: shows the new secret."""
    who, _ = await submitted(request)
    made = await webhooks.rotate(
        platform_of(request), team_id=who.team_id, project_id=who.project_id, webhook_id=_id(request)
    )
    return await _page(request, who, Given(secret=made.secret, rotated=True))


async def test(request: Request) -> Response:
    """``POST /webhooks/{webhook_id}/test``: what comes of it is seen among the deliveries."""
    who, _ = await submitted(request)
    try:
        request.state.window = await auth_of(request).spend(who.team_id, "strict")
    except RateLimited as error:
        held = await webhooks.find(platform_of(request).sessions, **words.own(who), webhook_id=_id(request))
        return await _refused(request, who, Given(url=held.url, events=held.events), error)
    await webhooks.test(
        platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, webhook_id=_id(request)
    )
    return RedirectResponse("/webhooks#deliveries", 303)


async def remove(request: Request) -> Response:
    """``POST /webhooks/{webhook_id}/delete``."""
    who, _ = await submitted(request)
    await webhooks.remove(
        platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, webhook_id=_id(request)
    )
    return _back()


async def deliveries(request: Request) -> Response:
    """``GET /webhooks/{webhook_id}/deliveries``: the list alone, asked for again while something is under way."""
    who = await visitor(request)
    held = await webhooks.find(
        platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, webhook_id=_id(request)
    )
    return HTMLResponse(fragment("_deliveries.html", **await _list(request, who, held)))


def _given(fields: Mapping[str, str]) -> Given:
    events = tuple(event for event in webhooks.EVENTS if fields.get(f"event:{event}"))
    return Given(url=fields.get("url", "").strip(), events=events)


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["webhook_id"])
    except ValueError as error:
        raise NotFound("There is no such webhook") from error


def _back() -> Response:
    return RedirectResponse("/webhooks", 303)


async def _refused(request: Request, who: Identity, given: Given, error: ServiceError) -> Response:
    return await _page(request, who, replace(given, wrong=words.said(error.message)), status=error.status)


async def _list(request: Request, who: Identity, hook: Webhook) -> dict[str, object]:
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH] if request.method == "GET" else ""
    found = await webhooks.deliveries(
        platform_of(request).sessions,
        team_id=who.team_id,
        project_id=who.project_id,
        webhook_id=hook.id,
        limit=_DELIVERIES,
        after=cursor or None,
    )
    # a retry is pending for up to an hour: only what is due is worth asking for again
    live = not cursor and any(d.status == "pending" and d.attempt == 1 for d in found.items)
    return {
        "hook": hook,
        "deliveries": {
            "rows": found.items,
            "total": found.total,
            "next": found.next_cursor,
            "later": bool(cursor),
            "live": live,
        },
    }


async def _page(request: Request, who: Identity, given: Given | None = None, *, status: int = 200) -> Response:
    found = await webhooks.page(platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, limit=1)
    hook = found.items[0] if found.items else None
    shown = given or Given()
    if hook is not None and not shown.wrong:
        shown = Given(url=hook.url, events=hook.events, secret=shown.secret, rotated=shown.rotated)
    listed = await _list(request, who, hook) if hook else {"hook": None, "deliveries": None}
    return page(
        "webhooks.html",
        status=status,
        here="webhooks",
        who=who,
        advisories=await freshness(request),
        given=shown,
        words=WORDS,
        meant=switched.meant(hook.disabled_reason) if hook else False,
        **listed,
    )
