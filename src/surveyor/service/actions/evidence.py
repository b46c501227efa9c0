"""What a page's scanners saw: kept beside their reports, handed out, and forgotten."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from surveyor.service.actions import clock, reports, scans
from surveyor.service.actions.platform import Platform
from surveyor.service.actions.reports import Download
from surveyor.service.errors import Conflict, NotFound, ServiceError
from surveyor.service.store import scans as scan_store
from surveyor.service.store.database import Sessions
from surveyor.service.store.scans import TERMINAL, Scan

#: So many scans at a time, that no transaction is long.
_SCANS = 20


async def keep(platform: Platform, scan: Scan, slot: str, run: UUID, seen: bytes | None) -> str | None:
    """Store what a scanner saw; its key. A store that does not take it costs nobody the report."""
    if seen is None:
        return None
    key = f"scans/{scan.id}/{slot}.{run}.evidence"
    try:
        await platform.storage.put_bytes(key, seen)
    except ServiceError:
        return None
    return key


async def download(platform: Platform, *, team_id: UUID, project_id: UUID, scan_id: UUID, slot: str) -> Download:
    """What one scanner of an ended scan saw, or of the one whose evidence that judged.

    Conflict while it has not ended, NotFound where nothing is kept.
    """
    scan = await scans.find(platform.sessions, team_id=team_id, project_id=project_id, scan_id=scan_id)
    if scan.status not in TERMINAL:
        raise Conflict(f"the scan is {scan.status}; what it saw comes when it has ended")
    if scan.recheck_of is not None:
        scan = await scans.find(platform.sessions, team_id=team_id, project_id=project_id, scan_id=scan.recheck_of)
    if slot not in scan.evidence_keys:
        raise NotFound("of this scanner nothing is kept of what it saw")
    chunks = platform.storage.get_stream(scan.evidence_keys[slot])
    return Download(name=f"{reports.named(scan)}-{slot}.evidence", chunks=chunks)


async def saw(sessions: Sessions, scan_id: UUID, slot: str) -> UUID | None:
    """The scan of which is kept what a scanner saw for this one: itself, or the one whose evidence it has judged."""
    async with sessions() as session:
        scan = await scan_store.find(session, scan_id)
        if scan is not None and scan.recheck_of is not None:
            scan = await scan_store.find(session, scan.recheck_of)
    return scan.id if scan is not None and scan.status in TERMINAL and slot in scan.evidence_keys else None


async def forget(platform: Platform, *, days: int) -> int:
    """Remove what scanners saw in scans that ended so long ago; the number of those. Reports and findings stay.

    The objects go first: what is interrupted between is finished next time, since a missing one is no error.
    """
    before, gone = clock.now() - timedelta(days=days), 0
    while True:
        async with platform.sessions() as session:
            found = await scan_store.with_evidence(session, before=before, limit=_SCANS)
        for scan in found:
            for key in scan.evidence_keys.values():
                await platform.storage.delete(key)
            async with platform.sessions() as session, session.begin():
                await scan_store.change(session, scan.id, evidence_keys={})
        gone += len(found)
        if len(found) < _SCANS:
            return gone
