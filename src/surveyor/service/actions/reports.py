"""Hand out the reports that a scan's scanners left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from surveyor.service.actions import scans
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, NotFound
from surveyor.service.store.scans import TERMINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A report to download: ``name`` for people, its JSON in pieces."""

    name: str
    chunks: AsyncIterator[bytes]


async def download(
    platform: Platform, *, team_id: UUID, project_id: UUID, scan_id: UUID, slot: str | None = None
) -> ReportFile:
    """The report of one slot, or of a scan that has ended.

    A page's scanners each leave one; without ``slot`` they come together as ``{"reports": {slot: report}}``. Conflict
    while the scan runs, NotFound when it ended without one; both say why.
    """
    scan = await scans.find(platform.sessions, team_id=team_id, project_id=project_id, scan_id=scan_id)
    name = f"surveyor-{scan.id}{f'-{slot}' if slot else ''}.json"
    keys = scan.report_keys
    if slot is not None and slot in keys:
        return ReportFile(name=name, chunks=await _opened(platform, keys[slot]))
    if scan.status not in TERMINAL:
        raise Conflict(f"the scan is {scan.status}; its report is there when it has ended")
    if slot is not None or not keys:
        raise NotFound(f"there is no such report: {scan.error or f'the scan is {scan.status}'}")
    if len(keys) == 1:
        return ReportFile(name=name, chunks=await _opened(platform, next(iter(keys.values()))))
    return ReportFile(name=name, chunks=_together(platform, keys))


async def _opened(platform: Platform, key: str) -> AsyncIterator[bytes]:
    # asked for now, so that a report that was lost is an answer and not a broken download
    await platform.storage.head(key)
    return platform.storage.get_stream(key)


async def _together(platform: Platform, keys: dict[str, str]) -> AsyncIterator[bytes]:
    """Several reports as one JSON object, without holding or reading them."""
    yield b'{"reports":{'
    for index, (slot, key) in enumerate(sorted(keys.items())):
        yield f'{"," if index else ""}"{slot}":'.encode()
        async for chunk in platform.storage.get_stream(key):
            yield chunk
    yield b"}}"
