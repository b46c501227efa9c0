"""The first page: start a scan, see the recent ones; and the three ways in, a URL, an image's name and a file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from surveyor.scan.vocabulary import COMPRESSED, FILES, HEADINGS
from surveyor.service.actions import addresses, advisories, scans, uploads
from surveyor.service.auth import Identity
from surveyor.service.errors import InvalidParams, RateLimited
from surveyor.service.ui import page_options, rows, words
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import auth_of, freshness, platform_of, scripted, submitted, visitor

_SCANS = 25
_CURSOR_LENGTH = 300
#: As schedules do: a month without units left is no reason not to scan, and coverage says that no model was asked.
_ANALYSIS = "if_quota"
_GIVEN = (*page_options.FIELDS, "wrong", "given_url", "wrong_image", "given_image", "given_platform")


async def show(request: Request) -> Response:
    """``GET /``."""
    return await _page(request, await visitor(request))


async def start_page(request: Request) -> Response:
    """``POST /scans``: scan a page; a refused URL comes back in the form with the reason beside it."""
    who, fields = await submitted(request)
    typed = fields.get("url", "").strip()
    try:
        request.state.window = await auth_of(request).spend(who.team_id, "strict")
        run = await scans.start_web(
            platform_of(request),
            **words.own(who),
            url=words.address(typed),
            analysis=_ANALYSIS,
            options=page_options.read(fields),
        )
    except (InvalidParams, RateLimited) as error:
        given = {**page_options.given(fields), "wrong": words.said(error.message), "given_url": typed}
        return await _page(request, who, status=error.status, **given)
    return RedirectResponse(f"/scans/{run.id}", 303)


async def start_image(request: Request) -> Response:
    """``POST /images``: scan an image in a registry; a name that is refused comes back with the reason beside it."""
    who, fields = await submitted(request)
    typed, wanted = fields.get("image", "").strip(), fields.get("platform", "").strip()
    try:
        request.state.window = await auth_of(request).spend(who.team_id, "strict")
        run = await scans.start_image(
            platform_of(request), **words.own(who), image=typed, image_platform=wanted or None, analysis=_ANALYSIS
        )
    except (InvalidParams, RateLimited) as error:
        given = {"wrong_image": words.said(error.message), "given_image": typed, "given_platform": wanted}
        return await _page(request, who, status=error.status, **given)
    return RedirectResponse(f"/scans/{run.id}", 303)


async def start_file(request: Request) -> Response:
    """``POST /uploads?filename=``: the raw bytes of a file, of whose images ``image`` and ``platform`` may choose.

    Nothing is read before the sender is known.
    """
    who = await scripted(request)
    given = request.query_params
    choice = addresses.judge_choice(given.get("image") or None, given.get("platform") or None)
    request.state.window = await auth_of(request).spend(who.team_id, "strict")
    platform = platform_of(request)
    upload, _ = await uploads.receive(
        platform,
        team_id=who.team_id,
        project_id=who.project_id,
        filename=given.get("filename", ""),
        chunks=request.stream(),
    )
    run = await scans.start_artifact(platform, **words.own(who), upload_id=upload.id, choice=choice, analysis=_ANALYSIS)
    data = {"data": {"href": f"/scans/{run.id}"}, "meta": {"request_id": request.state.request_id}, "error": None}
    return JSONResponse(data, 202)


async def _page(request: Request, who: Identity, *, status: int = 200, **given: str) -> Response:
    """The page, with what somebody typed and why it was not taken."""
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH] if request.method == "GET" else ""
    platform = platform_of(request)
    found = await scans.page(
        platform.sessions, team_id=who.team_id, project_id=who.project_id, limit=_SCANS, after=cursor or None
    )
    return page(
        "home.html",
        status=status,
        here="scans",
        who=who,
        advisories=await freshness(request),
        fresh=False,
        unmatched=await advisories.unmatched(platform.sessions, team_id=who.team_id, project_id=who.project_id),
        scans={
            "rows": [rows.scan(run) for run in found.items],
            "total": found.total,
            "estimate": found.total_is_estimate,
            "next": found.next_cursor,
            "later": bool(cursor),
        },
        files={
            heading: tuple(dict.fromkeys(name for unit in units for name in FILES[unit]))
            for heading, units in HEADINGS.items()
        },
        compressed=COMPRESSED,
        upload_limit=request.app.state.config.upload_max_bytes,
        **{name: given.get(name, "") for name in _GIVEN},
    )
