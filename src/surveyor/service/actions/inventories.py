"""What was in an artifact when it was scanned last: what a vulnerability is verified against."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from surveyor.scan.model import INCOMPLETE, Package
from surveyor.service.store import packages, scans
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.scans import Scan

_STATES = frozenset(state.value for state in INCOMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The packages of one type of a scan; ``incomplete`` is why they may not be all."""

    scan_id: UUID
    packages: tuple[Package, ...]
    incomplete: str | None


async def newest(session: Session, team_id: UUID, project_id: UUID, name: str) -> Scan | None:
    """The newest scan of an artifact of this name that was done."""
    return await scans.newest_done(session, team_id, project_id, name=name)


async def load(sessions: Sessions, scan: Scan, package_type: str) -> Inventory:
    """The stored packages of one type."""
    async with sessions() as session:
        held = await packages.of_scan(session, scan.id, package_type)
        empty = not held and not await packages.any_of(session, scan.id)
    return Inventory(scan_id=scan.id, packages=tuple(held), incomplete=_incomplete(scan, empty=empty))


def _incomplete(scan: Scan, *, empty: bool) -> str | None:
    if empty:
        # an artifact without any package, or one whose inventory is not kept any more: neither proves anything
        return f"scan {scan.id} has no inventory"
    for entry in scan.coverage:
        if entry.get("state") in _STATES and not str(entry.get("what", "")).startswith("advisories"):
            said = entry.get("detail") or entry.get("reason")
            return f"scan {scan.id} did not see everything: {entry.get('what')}: {said}"
    return None
