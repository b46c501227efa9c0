"""Turns one slot's report into findings, assets and an inventory; the caller's transaction makes it all or nothing."""

from __future__ import annotations

from datetime import datetime

from surveyor.scan.address import normal
from surveyor.scan.model import Asset, Kind, Report, ScanStatus
from surveyor.service.actions import clock, intake, priorities, regressions, webhooks
from surveyor.service.store import packages, sightings
from surveyor.service.store.database import Session
from surveyor.service.store.scans import Scan
from surveyor.service.store.sightings import Place

SCOPE_LENGTH = 1_000


def place_of(scan: Scan, slot: str, digest: str | None, looked: datetime | None = None) -> Place:
    """What this slot's detections belong to: the page, or the artifact by its name, else by its digest."""
    return Place(
        team_id=scan.team_id,
        project_id=scan.project_id,
        scan_id=scan.id,
        slot=slot,
        scope=scope_of(scan, digest),
        at=clock.now(),
        looked=looked,
    )


def scope_of(scan: Scan, digest: str | None) -> str:
    """What later scans of the same thing share: the page's address, or the artifact's name, else its digest."""
    scope = f"url:{normal(scan.url)}" if scan.url is not None else f"artifact:{scan.name or digest or scan.artifact_id}"
    return intake.clean(scope, SCOPE_LENGTH)


async def apply(session: Session, scan: Scan, slot: str, report: Report, *, saw: Scan | None = None) -> int:
    """Write a report's findings with their priority, and its packages; the number of findings.

    What an earlier scan of the same target saw is removed only by a scan that looked at everything it was asked to.
    ``saw`` is the scan that looked, where this one has judged that one's evidence.
    """
    looked = saw or scan
    place = place_of(scan, slot, report.target.digest, None if saw is None else _looked_until(saw, slot))
    seen = intake.sightings(report, _itself(scan, report))
    await sightings.hold_project(session, scan.project_id)
    await sightings.rename(session, place, seen)
    ids = await sightings.upsert(session, place, seen)
    await sightings.place_assets(
        session,
        place,
        ((ids[sighting.domain, sighting.title], asset) for sighting in seen for asset in sighting.assets),
    )
    await sightings.link(session, place, ids.values())
    if report.scan_status is ScanStatus.COMPLETE:
        await sightings.drop_unseen(session, place)
    await regressions.reappear(session, place, list(ids.values()), looked_from=_looked_from(looked, slot))
    await priorities.rewrite(session, ids.values(), at=place.at, sources=report.sources)
    await webhooks.announce_findings(session, scan, await sightings.new_critical(session, place, ids.values()))
    if report.packages:
        await packages.add(session, scan.id, intake.packages(report))
    return len(ids)


def _looked_from(scan: Scan, slot: str) -> datetime:
    """When this slot began to look: what was solved later than that, it may have seen before it was."""
    held = scan.scanner_status.get(slot)
    return datetime.fromisoformat(held.started_at) if held and held.started_at else scan.inserted_at


def _looked_until(scan: Scan, slot: str) -> datetime:
    """When this slot had looked."""
    held = scan.scanner_status.get(slot)
    return datetime.fromisoformat(held.finished_at) if held and held.finished_at else scan.inserted_at


def _itself(scan: Scan, report: Report) -> Asset:
    if scan.kind == Kind.WEB:
        return Asset(type="url", value=normal(scan.url or report.target.source))
    return Asset(type="package", value=scan.name or report.target.source, artifact=report.target.digest)
