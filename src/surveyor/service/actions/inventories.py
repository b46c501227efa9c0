"""What was in an artifact when it was scanned last: what a vulnerability is verified against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from surveyor.scan.model import INCOMPLETE, Package
from surveyor.service.store import packages, scans
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.scans import Scan

#: The entry of a run's summary that says how many packages its inventory has.
PACKAGES = "packages"
#: And with what upgrades would end.
UPGRADES = "upgrades"
#: The entry of a run's coverage that says what came of the last match with newer advisories.
REMATCH = "advisories.rematch"
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
        kept = bool(held) or await packages.any_of(session, scan.id)
    # one in which no package was recognised is whole all the same
    lost = not kept and scan.summary.get(PACKAGES) != 0
    return Inventory(scan_id=scan.id, packages=tuple(held), incomplete=_incomplete(scan, lost=lost))


def _incomplete(scan: Scan, *, lost: bool) -> str | None:
    if lost:
        return f"the inventory of scan {scan.id} is not kept any more"
    for entry in scan.coverage:
        if entry.get("state") in _STATES and not _elsewhere(entry):
            said = entry.get("detail") or entry.get("reason")
            return f"scan {scan.id} did not see everything: {entry.get('what')}: {said}"
    return None


def _elsewhere(entry: Mapping[str, Any]) -> bool:
    """Whether a gap is none of this inventory: advisories are asked anew, what no cataloger reads is other kinds'."""
    what, reason = str(entry.get("what", "")), entry.get("reason")
    return what.startswith("advisories") or (what.startswith("catalog.") and reason in {"not_read", "unsupported"})
