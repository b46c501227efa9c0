"""A scan's events: a page of JSON, or a stream that goes on until the scan has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from surveyor.service.actions import scans
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Caller, Reader, platform_of, streams_of
from surveyor.service.store.scans import TERMINAL, Scan

router = APIRouter(tags=["scans"])
_STREAM = {"description": "Events as JSON, or as a stream", "content": {"text/event-stream": {}}}


@router.get("/scans/{scan_id}/events", summary="Follow a scan", response_model=None, responses={200: _STREAM})
async def scan_events(
    request: Request,
    caller: Reader,
    scan_id: UUID,
    after: Annotated[int, Query(ge=0, le=1 << 53, description="Only events with a higher number")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    accept: Annotated[str, Header(max_length=500)] = "",
    last_event_id: Annotated[str, Header(max_length=20, pattern=r"^\d{0,16}$")] = "",
) -> StreamingResponse | schemas.EventsEnvelope:
    """With `Accept: text/event-stream`: one message an event, its number as id, `event: done` when the scan has ended.

    A client that reconnects with `Last-Event-ID` goes on without a gap or a repeat; it wins over `after`. Otherwise a
    page of events as JSON; `meta.last_seq` is what to pass as the next `after`.
    """
    if "text/event-stream" in accept:
        await _find(request, caller, scan_id)
        follow = _stream(request, caller, scan_id, int(last_event_id) if last_event_id else after)
        return StreamingResponse(follow, media_type="text/event-stream")
    found = await scans.events_after(
        platform_of(request).sessions,
        team_id=caller.team_id,
        project_id=caller.project_id,
        scan_id=scan_id,
        after=after,
        limit=limit,
    )
    data = [schemas.ScanEvent.model_validate(event) for event in found]
    last = found[-1].seq if found else after
    meta = schemas.EventsMeta(request_id=answers.request_id(request), last_seq=last, more=len(found) == limit)
    return schemas.EventsEnvelope(data=data, meta=meta)


async def _stream(request: Request, caller: Caller, scan_id: UUID, after: int) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    async for batch in streams_of(request).follow(scan_id, after):
        if not batch:
            yield ": still here\n\n"
        for event in batch:
            data = schemas.ScanEvent.model_validate(event).model_dump_json()
            yield f"id: {event.seq}\ndata: {data}\n\n"
    # a stopping server ends streams too, and then the client has to come back
    if (await _find(request, caller, scan_id)).status in TERMINAL:
        yield "event: done\ndata:\n\n"


async def _find(request: Request, caller: Caller, scan_id: UUID) -> Scan:
    return await scans.find(
        platform_of(request).sessions, team_id=caller.team_id, project_id=caller.project_id, scan_id=scan_id
    )
