"""Reports of a project: ask for a file, follow it, fetch it; and the project's numbers over days."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from surveyor.service.actions import clock, exports, standing
from surveyor.service.actions.links import PATH, Links
from surveyor.service.api.v1 import answers, reporting, schemas
from surveyor.service.api.v1.access import Reader, Writer, platform_of, strict
from surveyor.service.store.reports import ReportRow

router = APIRouter(tags=["reports"])
#: Needs no key, so it is no part of any project's paths.
signed = APIRouter(tags=["reports"])
#: A report is a stranger's text in a file of ours: it is saved, and were it shown, it could do nothing.
FILE_HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
}


def links_of(request: Request) -> Links:
    """What signs addresses of files."""
    links: Links = request.app.state.links
    return links


def _shown(row: ReportRow, links: Links) -> reporting.Report:
    """A report with an address of its file that is signed now."""
    same = ("id", "project_id", "format", "status", "size", "findings", "findings_total", "error")
    times = ("inserted_at", "finished_at", "updated_at")
    return reporting.Report(
        **{name: getattr(row, name) for name in (*same, *times)},
        org_id=row.team_id,
        snapshot=exports.shown(row, links.to(row.id, clock.now())),
    )


@router.post("/reports/export", status_code=202, summary="Export a report", dependencies=[Depends(strict)])
async def export_report(
    request: Request, caller: Writer, body: reporting.ExportReport
) -> schemas.Envelope[reporting.Report]:
    """Queue a report of every finding of the project, at most 10,000; what is left out is said in the file.

    Its `snapshot` holds the project's numbers of this moment and stays whatever becomes of the file.
    """
    asked = await exports.request(
        platform_of(request), team_id=caller.team_id, project_id=caller.project_id, kind=body.format
    )
    return answers.one(request, _shown(asked, links_of(request)))


@router.get("/reports", summary="List reports")
async def list_reports(
    request: Request,
    caller: Reader,
    status: reporting.ReportStatus | None = None,
    kind: Annotated[reporting.ReportFormat | None, Query(alias="format")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> schemas.PageEnvelope[reporting.Report]:
    """Newest first."""
    found = await exports.page(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        kind=kind,
        status=status,
        limit=limit,
        after=cursor,
    )
    links = links_of(request)
    return answers.many(request, found, lambda row: _shown(row, links))


# before the route that takes any word for an id
@router.get("/reports/summary", summary="Summarise a range of days")
async def summarise(
    request: Request,
    caller: Reader,
    date_from: Annotated[date | None, Query(description="First day, UTC; else six days before the last")] = None,
    date_to: Annotated[date | None, Query(description="Last day, UTC; else today")] = None,
) -> schemas.Envelope[reporting.ReportSummary]:
    """Burn-down, verification pass rate, regression rate and open findings of at most 366 days, both included."""
    found = await standing.summary(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        now=clock.now(),
        first=date_from,
        last=date_to,
    )
    return answers.one(request, reporting.ReportSummary.model_validate(found))


@router.get("/reports/{report_id}", summary="Read a report")
async def read_report(request: Request, caller: Reader, report_id: UUID) -> schemas.Envelope[reporting.Report]:
    """One report as it stands; `snapshot.export_url` is signed anew with every read."""
    found = await exports.find(
        platform_of(request).sessions, team_id=caller.team_id, project_id=caller.project_id, report_id=report_id
    )
    return answers.one(request, _shown(found, links_of(request)))


@signed.get(
    f"{PATH.removeprefix('/api/v1')}/{{report_id}}",
    summary="Fetch a report's file",
    response_class=Response,
    responses={
        200: {"description": "The file, to be saved", "content": {"application/octet-stream": {}}},
        302: {"description": "To a fresh address at the object store"},
        409: {"model": schemas.FailureEnvelope, "description": "The report has no file"},
    },
)
async def fetch_file(
    request: Request,
    report_id: UUID,
    expires: Annotated[int, Query(ge=0, le=1 << 40)],
    signature: Annotated[str, Query(min_length=43, max_length=43, pattern=r"^[A-Za-z0-9_-]+$")],
) -> Response:
    """What `snapshot.export_url` leads to; the signature stands in for a key, for 24 hours."""
    links_of(request).judge(report_id, expires, signature, clock.now())
    file = await exports.by_link(platform_of(request), report_id)
    if file.address is not None:
        return RedirectResponse(file.address, 302, headers={"cache-control": "private, no-store"})
    headers = {"content-disposition": f'attachment; filename="{file.name}"', "content-length": str(file.size)}
    return StreamingResponse(file.chunks, media_type=file.media_type, headers=headers | FILE_HEADERS)
