"""Ask for a report of a project as a file, make it, hand it out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from surveyor.service import documents, queue
from surveyor.service.actions import clock, standing
from surveyor.service.actions.platform import Platform
from surveyor.service.documents.model import FINDINGS, ProjectReport
from surveyor.service.documents.pdf import NotTypeset
from surveyor.service.errors import Conflict, InvalidParams, NotFound, ServiceError
from surveyor.service.store import cursor, reports, teams
from surveyor.service.store import standing as numbers
from surveyor.service.store.database import Sessions
from surveyor.service.store.reports import ReportRow

EXPORT_TASK = "report_export"
PAGE_LIMIT = 100
PREVIEW_FINDINGS = 100
#: How long an address of the object store itself works: long enough to follow a redirect.
REDIRECT_LIFETIME = timedelta(minutes=5)
STALE = "stale job timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A report's file: at the object store's own address, or as bytes from us."""

    name: str
    media_type: str
    size: int
    address: str | None
    chunks: AsyncIterator[bytes]


async def request(platform: Platform, *, team_id: UUID, project_id: UUID, kind: str) -> ReportRow:
    """Queue a report in one of ``documents.FORMATS``; the project's numbers are taken now and kept whatever follows."""
    if kind not in documents.FORMATS:
        raise InvalidParams(f"format must be one of {', '.join(documents.FORMATS)}", details={"format": ["unknown"]})
    report_id = uuid4()
    async with platform.sessions() as session, session.begin():
        taken = await standing.metrics(session, team_id, project_id, clock.now())
        job = await queue.enqueue(session, EXPORT_TASK, {"report_id": str(report_id)})
        return await reports.add(
            session,
            report_id=report_id,
            team_id=team_id,
            project_id=project_id,
            kind=kind,
            snapshot=orjson.loads(orjson.dumps(taken)),
            job_id=job,
        )


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, report_id: UUID) -> ReportRow:
    """One report as it stands."""
    async with sessions() as session:
        found = await reports.find(session, report_id, team_id=team_id, project_id=project_id)
    if found is None:
        raise NotFound("no such report")
    return found


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    kind: str | None = None,
    status: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[ReportRow]:
    """A project's reports, newest first; ``limit`` at most 100."""
    rows = reports.of_project(team_id, project_id, kind=kind, status=status)
    async with sessions() as session:
        return await reports.page(session, rows, limit=max(1, min(limit, PAGE_LIMIT)), after=after)


async def write(platform: Platform, report_id: UUID) -> None:
    """Make a queued report's file and store it; one that has ended is left alone, what goes wrong ends it as failed.

    Done twice at once it writes the same object and ends the report once.
    """
    async with platform.sessions() as session:
        asked = await reports.find(session, report_id)
    if asked is None or asked.status != "queued":
        return
    try:
        held = await gather(platform.sessions, team_id=asked.team_id, project_id=asked.project_id, report_id=report_id)
        made = documents.FORMATS[asked.format]
        content = await documents.render(asked.format, held, platform.temporary)
        key = f"audit/{asked.team_id}/{asked.project_id}/{asked.id}.{made.extension}"
        stored = await platform.storage.put_bytes(
            key, content, media_type=made.media_type, disposition=_disposition(asked, made.extension)
        )
    except NotTypeset as error:
        await fail(platform.sessions, report_id, str(error))
    except ServiceError as error:
        await fail(platform.sessions, report_id, error.message)
    else:
        ended = {"findings": len(held.findings), "findings_total": held.findings_total}
        async with platform.sessions() as session, session.begin():
            await reports.end(session, report_id, status="exported", storage_key=key, size=stored.size, **ended)


async def fail(sessions: Sessions, report_id: UUID, reason: str) -> bool:
    """End a report without a file; its numbers stay."""
    async with sessions() as session, session.begin():
        return await reports.end(session, report_id, status="failed", error=reason[:500])


async def gather(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, report_id: UUID, limit: int = FINDINGS
) -> ProjectReport:
    """What a report of this moment holds."""
    now = clock.now()
    async with sessions() as session, session.begin():
        await numbers.same_moment(session)
        team = await teams.find_team(session, str(team_id))
        project = await teams.find_project(session, team_id, str(project_id))
        if team is None or project is None:
            raise NotFound("no such project")
        taken = await standing.metrics(session, team_id, project_id, now)
        return await standing.report(
            session, report_id=report_id, team=team, project=project, numbers=taken, now=now, limit=limit
        )


async def file(platform: Platform, report: ReportRow) -> File:
    """The file of an exported report; Conflict before that, NotFound when the store has lost or forgotten it."""
    if report.storage_key is None:
        raise Conflict(f"the report is {report.status}; there is no file")
    kind = documents.FORMATS[report.format]
    meta = await platform.storage.head(report.storage_key)
    return File(
        name=_name(report, kind.extension),
        media_type=kind.media_type,
        size=meta.size,
        address=await platform.storage.signed_url(report.storage_key, REDIRECT_LIFETIME),
        chunks=platform.storage.get_stream(report.storage_key),
    )


async def by_link(platform: Platform, report_id: UUID) -> File:
    """The file that a signed link leads to; whoever calls has judged the link."""
    async with platform.sessions() as session:
        found = await reports.find(session, report_id)
    if found is None:
        raise NotFound("no such report")
    return await file(platform, found)


async def end_lost(sessions: Sessions) -> int:
    """End reports whose job has ended without them, as when a worker died too often; the number of those."""
    ended = 0
    async with sessions() as session:
        waiting = await reports.waiting(session, before=clock.now() - timedelta(seconds=60))
        lost = [report for report in waiting if not await queue.any_lives(session, [report.job_id])]
    for report in lost:
        ended += await fail(sessions, report.id, STALE)
    return ended


def _name(report: ReportRow, extension: str) -> str:
    return f"surveyor-report-{report.inserted_at:%Y-%m-%d}-{str(report.id)[:8]}.{extension}"


def _disposition(report: ReportRow, extension: str) -> str:
    return f'attachment; filename="{_name(report, extension)}"'


def shown(report: ReportRow, export_url: str | None) -> dict[str, Any]:
    """A report's snapshot as callers see it: its numbers, and where its file is, null without one."""
    return {**report.snapshot, "export_url": export_url if report.status == "exported" else None}
