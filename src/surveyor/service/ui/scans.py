"""One scan: its page, the live stream that fills it, cancelling, and its report."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from surveyor.scan.plan import WEB_SLOTS
from surveyor.service.actions import evidence as evidence_
from surveyor.service.actions import findings, ingest, rechecks, reports, scans, trends
from surveyor.service.auth import Identity
from surveyor.service.errors import Conflict, NotFound
from surveyor.service.live.stream import Streams
from surveyor.service.store.events import StoredEvent
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.scans import Scan, Slot
from surveyor.service.ui import frames, rows, words
from surveyor.service.ui.grades import grades
from surveyor.service.ui.health import health
from surveyor.service.ui.loading import measurements
from surveyor.service.ui.render import fragment, page
from surveyor.service.ui.timeline import Chart, Part, Timeline
from surveyor.service.ui.upgrades import upgrades
from surveyor.service.ui.verdict import judge, label, looked_at
from surveyor.service.ui.visitors import freshness, platform_of, submitted, visitor

_FINDINGS = 50
_EVENTS = 500
_MOST_EVENTS = 5_000
_PARTS = ("head", "verdict", "pipeline", "found", "looked", "grades", "loading", "upgrades", "findings")


async def show(request: Request) -> Response:
    """``GET /scans/{scan_id}``: everything known now; what comes later arrives by the stream."""
    who, scan = await _scan(request)
    return await _page(request, who, scan)


async def _page(request: Request, who: Identity, scan: Scan, *, wrong: Conflict | None = None) -> Response:
    events = await _events(request, who, scan)
    chart = Chart(scan.kind, scan.inserted_at)
    chart.add(events)
    values = await _values(request, who, scan, chart)
    shown = events[-_EVENTS:]
    values["events"] = {
        "rows": shown,
        "skipped": max(scan.last_seq - len(shown), 0),
        "last": events[-1].seq if events else 0,
    }
    status = 200 if wrong is None else wrong.status
    return page("scan.html", status=status, here="scans", wrong=words.said(wrong.message) if wrong else "", **values)


async def cancel(request: Request) -> Response:
    """``POST /scans/{scan_id}/cancel``; one that has ended meanwhile is simply shown."""
    who, _ = await submitted(request)
    one = scan_id(request)
    with contextlib.suppress(Conflict):
        await scans.cancel(platform_of(request), team_id=who.team_id, project_id=who.project_id, scan_id=one)
    return RedirectResponse(f"/scans/{one}", 303)


async def recheck(request: Request) -> Response:
    """``POST /scans/{scan_id}/recheck``: to the run that judges again what this one saw, or here with why not."""
    who, _ = await submitted(request)
    one = scan_id(request)
    try:
        run = await rechecks.start(platform_of(request), team_id=who.team_id, project_id=who.project_id, scan_id=one)
    except Conflict as error:
        return await _page(request, who, await _find(request, who, one), wrong=error)
    return RedirectResponse(f"/scans/{run.id}", 303)


async def report(request: Request) -> Response:
    """``GET /scans/{scan_id}/report``: the report as a file."""
    who = await visitor(request)
    slot = request.query_params.get("slot", "")[:40] or None
    file = await reports.download(
        platform_of(request), team_id=who.team_id, project_id=who.project_id, scan_id=scan_id(request), slot=slot
    )
    headers = {"content-disposition": f'attachment; filename="{file.name}"'}
    return StreamingResponse(file.chunks, media_type="application/json", headers=headers)


async def evidence(request: Request) -> Response:
    """``GET /scans/{scan_id}/evidence?slot=``: what one scanner saw, as a file."""
    who = await visitor(request)
    slot = request.query_params.get("slot", "")[:40]
    file = await evidence_.download(
        platform_of(request), team_id=who.team_id, project_id=who.project_id, scan_id=scan_id(request), slot=slot
    )
    headers = {"content-disposition": f'attachment; filename="{file.name}"'}
    return StreamingResponse(file.chunks, media_type="application/octet-stream", headers=headers)


async def live(request: Request) -> Response:
    """``GET /scans/{scan_id}/live``: fragments as server-sent events, from the number the reader has seen."""
    who, scan = await _scan(request)
    given = request.headers.get("last-event-id") or request.query_params.get("after", "")
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
    return StreamingResponse(_stream(request, who, scan, after), media_type="text/event-stream")


async def _stream(request: Request, who: Identity, scan: Scan, after: int) -> AsyncIterator[str]:
    chart = Chart(scan.kind, scan.inserted_at)
    chart.add(event for event in await _events(request, who, scan) if event.seq <= after)
    sent: dict[str, str] = {}
    streams: Streams = request.app.state.streams
    yield frames.RETRY
    async for batch in streams.follow(scan.id, after):
        if not batch:
            yield frames.PING
            continue
        chart.add(batch)
        values = await _values(request, who, await _find(request, who, scan.id), chart)
        yield frames.message(_log(batch, chart) + _changed(values, sent), seq=batch[-1].seq)
    # a stopping server ends streams too, and then the reader has to come back
    values = await _values(request, who, await _find(request, who, scan.id), chart)
    if values["verdict"].ended:
        yield frames.message(_changed(values, sent)) + frames.DONE


def _log(batch: Sequence[StoredEvent], chart: Chart) -> str:
    lines = "".join(fragment("_event.html", e=event, unset=chart.unset) for event in batch)
    return lines + frames.partial("seq", f"{batch[-1].seq:,}")


def _changed(values: dict[str, Any], sent: dict[str, str]) -> str:
    """The parts of the page that look different from what this reader was sent last."""
    out = []
    for name in _PARTS:
        html = fragment(f"_{name}.html", **values)
        if sent.get(name) != html:
            sent[name] = html
            out.append(frames.partial(name, html))
    return "".join(out)


async def _values(request: Request, who: Identity, scan: Scan, chart: Chart) -> dict[str, Any]:
    verdict = judge(scan)
    return {
        "who": who,
        "kind": scan.kind,
        "advisories": await freshness(request),
        "verdict": verdict,
        "scan": {
            "id": scan.id,
            "short": str(scan.id)[:8],
            "target": rows.target(scan),
            "facts": rows.facts(scan),
            "began": scan.inserted_at,
            "last_seq": scan.last_seq,
            "report": f"/scans/{scan.id}/report" if scan.report_keys else None,
            "evidence": [(name, label(f"slot.{name}")) for name in WEB_SLOTS if name in scan.evidence_keys],
            "recheck_of": scan.recheck_of,
        },
        "chart": _timeline(scan, chart, live=not verdict.ended),
        "unset": chart.unset,
        "found": rows.found(scan),
        "health": health(scan),
        "looked": looked_at(scan),
        "grades": grades(scan),
        "loading": measurements(scan, await trends.of_page(platform_of(request), scan)),
        "upgrades": upgrades(scan),
        "findings": await _findings(request, who, scan),
    }


def _timeline(scan: Scan, chart: Chart, *, live: bool) -> Timeline:
    until = datetime.now(UTC) if live else scan.finished_at
    parts = {name: _part(slot) for name, slot in scan.scanner_status.items()}
    return chart.view(until=until, parts=parts, live=live, stopped=scan.status == "cancelled")


def _part(slot: Slot) -> Part:
    if slot.reason == "not_configured":
        return Part(state="unset")
    stopped = "stopped" if slot.started_at else "off"
    return Part(
        state=stopped if slot.reason == "cancelled" else slot.state,
        start=datetime.fromisoformat(slot.started_at) if slot.started_at else None,
        end=datetime.fromisoformat(slot.finished_at) if slot.finished_at else None,
    )


async def _findings(request: Request, who: Identity, scan: Scan) -> dict[str, Any]:
    found = await findings.page(
        platform_of(request).sessions,
        team_id=who.team_id,
        project_id=who.project_id,
        wanted=Filter(scan_id=scan.id),
        limit=_FINDINGS,
        scope=_scope(scan),
    )
    return {
        "rows": [rows.finding(row) for row in found.items],
        "total": found.total,
        "estimate": found.total_is_estimate,
        "more": f"/findings?scan={scan.id}" if found.next_cursor else None,
    }


def _scope(scan: Scan) -> str | None:
    """What is this scan's own among what its findings affect; not to be told of a file without a name."""
    return ingest.scope_of(scan, None) if scan.url is not None or scan.name else None


async def _events(request: Request, who: Identity, scan: Scan) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    while len(found) < _MOST_EVENTS:
        more = await scans.events_after(
            platform_of(request).sessions,
            team_id=who.team_id,
            project_id=who.project_id,
            scan_id=scan.id,
            after=found[-1].seq if found else 0,
            limit=1000,
        )
        found += more
        if len(more) < 1000:
            break
    return found


async def _scan(request: Request) -> tuple[Identity, Scan]:
    who = await visitor(request)
    return who, await _find(request, who, scan_id(request))


async def _find(request: Request, who: Identity, scan_id: UUID) -> Scan:
    return await scans.find(
        platform_of(request).sessions, team_id=who.team_id, project_id=who.project_id, scan_id=scan_id
    )


def scan_id(request: Request) -> UUID:
    """The id in the address."""
    try:
        return UUID(request.path_params["scan_id"])
    except ValueError as error:
        raise NotFound("There is no such scan") from error
