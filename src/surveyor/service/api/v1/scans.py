"""Scan runs: start, list, read, cancel, and the finished report."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import StreamingResponse

from surveyor.service.actions import evidence, options, rechecks, repeats, reports, scans
from surveyor.service.actions.platform import Platform
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Caller, Reader, Writer, platform_of, strict
from surveyor.service.errors import InvalidParams
from surveyor.service.store.scans import Scan

router = APIRouter(tags=["scans"])

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=repeats.KEY_LENGTH,
        description="Anything of your own, as a build's number: a request repeated with it queues no second scan",
    ),
]


@router.post(
    "/scans/run",
    status_code=202,
    summary="Scan a page or an image",
    dependencies=[Depends(strict)],
    responses=answers.CONFLICT,
)
async def run_scan(
    request: Request, caller: Writer, body: schemas.RunScan, idempotency_key: Key = None
) -> schemas.Envelope[schemas.Scan]:
    """Queue a scan and answer at once. An address that must not be asked is refused with the rule that refuses it.

    An image is pulled from its registry by the login that the project keeps for it, if any. A request that is sent
    again with the same `Idempotency-Key` is answered with the scan that it queued the first time.
    """
    platform = platform_of(request)
    wanted = body.image or body.url
    if wanted is None or idempotency_key is None:
        return answers.one(request, answers.scan(await _start(platform, caller, body)))
    run = await repeats.once(
        platform,
        project_id=caller.project_id,
        key=idempotency_key,
        wanted=wanted,
        start=partial(_start, platform, caller, body),
    )
    return answers.one(request, answers.scan(run))


async def _start(platform: Platform, caller: Caller, body: schemas.RunScan, scan_id: UUID | None = None) -> Scan:
    if body.image is not None and body.url is None and body.options is None:
        return await scans.start_image(
            platform,
            team_id=caller.team_id,
            project_id=caller.project_id,
            image=body.image,
            image_platform=body.platform,
            trigger=body.trigger,
            analysis=body.analysis,
            born=scans.Born(id=scan_id),
        )
    if body.url is not None and body.image is None and body.platform is None:
        return await scans.start_web(
            platform,
            team_id=caller.team_id,
            project_id=caller.project_id,
            url=body.url,
            trigger=body.trigger,
            analysis=body.analysis,
            options=options.judged(body.options.model_dump()) if body.options is not None else options.PLAIN,
            born=scans.Born(id=scan_id),
        )
    words = "one of url and image is scanned; a platform is an image's, options are a page's"
    raise InvalidParams(words, details={"url": ["one_of"]})


@router.get("/scans", summary="List scans")
async def list_scans(
    request: Request,
    caller: Reader,
    kind: schemas.Kind | None = None,
    status: schemas.Status | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> schemas.PageEnvelope[schemas.Scan]:
    """Newest first."""
    found = await scans.page(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        kind=kind,
        status=status,
        limit=limit,
        after=cursor,
    )
    return answers.many(request, found, answers.scan)


@router.get("/scans/{scan_id}", summary="Read a scan")
async def read_scan(request: Request, caller: Reader, scan_id: UUID) -> schemas.Envelope[schemas.Scan]:
    """One run as it stands; poll it, or follow its events."""
    run = await scans.find(
        platform_of(request).sessions, team_id=caller.team_id, project_id=caller.project_id, scan_id=scan_id
    )
    return answers.one(request, answers.scan(run))


@router.post("/scans/{scan_id}/cancel", status_code=202, summary="Cancel a scan", responses=answers.CONFLICT)
async def cancel_scan(request: Request, caller: Writer, scan_id: UUID) -> schemas.Envelope[schemas.Scan]:
    """Stop a run that has not ended; 409 when it has. What works on it is told, and ends a moment later."""
    run = await scans.cancel(
        platform_of(request), team_id=caller.team_id, project_id=caller.project_id, scan_id=scan_id
    )
    return answers.one(request, answers.scan(run))


@router.post(
    "/scans/{scan_id}/retry",
    status_code=202,
    summary="Scan the same again",
    dependencies=[Depends(strict)],
    responses=answers.CONFLICT,
)
async def retry_scan(request: Request, caller: Writer, scan_id: UUID) -> schemas.Envelope[schemas.Scan]:
    """Queue a new run of what an ended one looked at, without another upload; `retry_of` names the ended one.

    409 when it has not ended, or when its file is no longer kept.
    """
    run = await scans.retry(platform_of(request), team_id=caller.team_id, project_id=caller.project_id, scan_id=scan_id)
    return answers.one(request, answers.scan(run))


@router.post(
    "/scans/{scan_id}/recheck",
    status_code=202,
    summary="Judge again what a scan saw",
    dependencies=[Depends(strict)],
    responses=answers.CONFLICT,
)
async def recheck_scan(request: Request, caller: Writer, scan_id: UUID) -> schemas.Envelope[schemas.Scan]:
    """Queue a run that judges the evidence of an ended page scan by today's rules, without asking the page anything.

    `recheck_of` names the scan. Its findings are those of the time when the page was looked at. 409 when the scan has
    not ended, when what it saw is no longer kept, or when a later scan has looked at the page. No model is asked.
    """
    run = await rechecks.start(
        platform_of(request), team_id=caller.team_id, project_id=caller.project_id, scan_id=scan_id
    )
    return answers.one(request, answers.scan(run))


@router.get(
    "/scans/{scan_id}/report",
    summary="Download the report",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The report's JSON", "content": {"application/json": {}}},
        409: {"model": schemas.FailureEnvelope, "description": "The scan has not ended"},
    },
)
async def download_report(
    request: Request,
    caller: Reader,
    scan_id: UUID,
    slot: Annotated[str | None, Query(max_length=40, description="One scanner's report only")] = None,
) -> StreamingResponse:
    """One report for the whole run: of a page, its four scanners together. `slot` gives one as its scanner wrote it."""
    file = await reports.download(
        platform_of(request), team_id=caller.team_id, project_id=caller.project_id, scan_id=scan_id, slot=slot
    )
    headers = {"content-disposition": f'attachment; filename="{file.name}"'}
    return StreamingResponse(file.chunks, media_type="application/json", headers=headers)


@router.get(
    "/scans/{scan_id}/evidence",
    summary="Download what a scanner saw",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file of evidence", "content": {"application/octet-stream": {}}},
        409: {"model": schemas.FailureEnvelope, "description": "The scan has not ended"},
    },
)
async def download_evidence(
    request: Request,
    caller: Reader,
    scan_id: UUID,
    slot: Annotated[str, Query(max_length=40, description="The scanner")] = "security",
) -> StreamingResponse:
    """What one of a page's scanners saw, as `surveyor recheck` judges it again by today's rules, without the site."""
    file = await evidence.download(
        platform_of(request), team_id=caller.team_id, project_id=caller.project_id, scan_id=scan_id, slot=slot
    )
    headers = {"content-disposition": f'attachment; filename="{file.name}"'}
    return StreamingResponse(file.chunks, media_type="application/octet-stream", headers=headers)
