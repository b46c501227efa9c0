"""Reports: ask for one, see what became of it, look at it, save it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from surveyor.service import documents
from surveyor.service.actions import clock, exports, standing
from surveyor.service.auth import Identity
from surveyor.service.documents import html
from surveyor.service.errors import InvalidParams, NotFound, RateLimited
from surveyor.service.store.reports import ReportRow
from surveyor.service.ui import words
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import auth_of, freshness, platform_of, submitted, visitor

_REPORTS = 25
_CURSOR_LENGTH = 300
_FORMATS = (
    {"name": "pdf", "label": "PDF", "words": "For people and archives: tagged, with bookmarks"},
    {"name": "html", "label": "HTML", "words": "One page that stands alone, for screens and paper"},
    {"name": "csv", "label": "CSV", "words": "For spreadsheets, one row a finding"},
    {"name": "json", "label": "JSON", "words": "For programs, every field"},
)
_STATES = {
    "queued": ("queued", "Being made"),
    "exported": ("complete", "Ready"),
    "failed": ("failed", "Failed"),
}
_LARGEST_SHOWN = 16 << 20
#: The page runs nothing and asks for nothing; its own origin is taken from it as well.
_SHOWN_HEADERS = {
    "content-security-policy": f"sandbox; frame-ancestors 'self'; {html.policy()}",
    "x-frame-options": "SAMEORIGIN",
    "cache-control": "private, no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A report's state as a pill shows it."""

    key: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One report for reading; ``file`` and ``shown`` are addresses, where there is something at them."""

    id: UUID
    short: str
    label: str
    state: State
    error: str
    size: int | None
    findings: int | None
    left_out: int
    asked: datetime
    numbers: dict[str, Any]
    file: str | None
    shown: str | None


async def show(request: Request) -> Response:
    """``GET /reports``."""
    return await _page(request, await visitor(request))


async def create(request: Request) -> Response:
    """``POST /reports``: ask for a report and see it come."""
    who, fields = await submitted(request)
    try:
        request.state.window = await auth_of(request).spend(who.team_id, "strict")
        asked = await exports.request(
            platform_of(request), team_id=who.team_id, project_id=who.project_id, kind=fields.get("format", "")
        )
    except (InvalidParams, RateLimited) as error:
        given = fields.get("format", "")
        return await _page(request, who, wrong=words.said(error.message), given=given, status=error.status)
    return RedirectResponse(f"/reports/{asked.id}", 303)


async def one(request: Request) -> Response:
    """``GET /reports/{report_id}``; while the file is being made the page asks for itself again."""
    who, found = await _report(request)
    view = _view(found)
    answer = page("report.html", here="reports", who=who, advisories=await freshness(request), report=view)
    if found.status == "queued":
        answer.headers["refresh"] = "1"
    return answer


async def file(request: Request) -> Response:
    """``GET /reports/{report_id}/file``: the file, to be saved."""
    _, found = await _report(request)
    held = await exports.file(platform_of(request), found)
    headers = {"content-disposition": f'attachment; filename="{held.name}"', "content-length": str(held.size)}
    return StreamingResponse(held.chunks, media_type=held.media_type, headers=headers)


async def shown(request: Request) -> Response:
    """``GET /reports/{report_id}/page``: an HTML report in its sandbox."""
    _, found = await _report(request)
    if found.format != "html" or found.storage_key is None:
        raise NotFound("This report is no page")
    content = await platform_of(request).storage.get_bytes(found.storage_key, max_bytes=_LARGEST_SHOWN)
    return HTMLResponse(content, headers=_SHOWN_HEADERS)


async def preview(request: Request) -> Response:
    """``GET /reports/preview``: what a report made now would look like, with its first findings."""
    who = await visitor(request)
    platform = platform_of(request)
    held = await exports.gather(
        platform.sessions,
        team_id=who.team_id,
        project_id=who.project_id,
        report_id=uuid4(),
        limit=exports.PREVIEW_FINDINGS,
    )
    content = await documents.render("html", held, platform.temporary)
    return HTMLResponse(content, headers=_SHOWN_HEADERS)


async def _page(request: Request, who: Identity, *, wrong: str = "", given: str = "", status: int = 200) -> Response:
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH] if request.method == "GET" else ""
    sessions = platform_of(request).sessions
    found = await exports.page(
        sessions, team_id=who.team_id, project_id=who.project_id, limit=_REPORTS, after=cursor or None
    )
    summary = await standing.summary(
        sessions, team_id=who.team_id, project_id=who.project_id, now=clock.now(), first=None, last=None
    )
    return page(
        "reports.html",
        status=status,
        here="reports",
        who=who,
        advisories=await freshness(request),
        formats=_FORMATS,
        wrong=wrong,
        given=given or _FORMATS[0]["name"],
        summary=summary,
        most=max((day.open_risk_score for day in summary.risk_burn_down), default=0),
        reports={
            "rows": [_view(row) for row in found.items],
            "total": found.total,
            "estimate": found.total_is_estimate,
            "next": found.next_cursor,
            "later": bool(cursor),
        },
    )


def _view(row: ReportRow) -> ReportView:
    key, state = _STATES[row.status]
    ready = row.status == "exported"
    return ReportView(
        id=row.id,
        short=str(row.id)[:8],
        label=row.format.upper(),
        state=State(key=key, words=state),
        error=row.error or "",
        size=row.size,
        findings=row.findings,
        left_out=(row.findings_total or 0) - (row.findings or 0),
        asked=row.inserted_at,
        numbers=row.snapshot,
        file=f"/reports/{row.id}/file" if ready else None,
        shown=f"/reports/{row.id}/page" if ready and row.format == "html" else None,
    )


async def _report(request: Request) -> tuple[Identity, ReportRow]:
    who = await visitor(request)
    try:
        report_id = UUID(request.path_params["report_id"])
    except ValueError as error:
        raise NotFound("There is no such report") from error
    found = await exports.find(
        platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, report_id=report_id
    )
    return who, found
