"""Matches stored inventories again with newer advisories: which, what of each, and what comes of it.

The same rules hold as for a scan of the artifact, which is not looked at: what is found anew is new, or a regression
where it was solved; what advisories no longer say is stamped as not seen; what people decided stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from surveyor.scan.model import Asset, Report, ScanStatus
from surveyor.scan.plan import ARTIFACT_SLOTS, Inventory
from surveyor.service.actions import (
    clock,
    ingest,
    intake,
    inventories,
    priorities,
    regressions,
    rematched,
    runs,
    webhooks,
)
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import ServiceError
from surveyor.service.store import advisories, concerned, events, packages, scans, sightings
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.events import NewEvent
from surveyor.service.store.scans import Scan
from surveyor.service.store.sightings import Place

#: Scans, and about as many of their packages, that one child matches.
SCANS, PACKAGES = 100, 20_000
#: Packages that get their number in one transaction.
_NUMBERED = 5_000
#: Titles that an event names.
_NAMED = 20
_SLOT = ARTIFACT_SLOTS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Scans whose inventories are matched together; those of them that hold something, and what."""

    scans: tuple[UUID, ...]
    held: tuple[UUID, ...]
    inventories: tuple[Inventory, ...]


async def number(sessions: Sessions) -> None:
    """Give every stored package that has none the number by which changes find it."""
    while True:
        async with sessions() as session, session.begin():
            if await packages.number(session, limit=_NUMBERED) < _NUMBERED:
                return


async def due(sessions: Sessions, update_id: UUID, *, after: UUID | None) -> list[UUID]:
    """The next scans, by id behind ``after``, that an update concerns."""
    async with sessions() as session, session.begin():
        await advisories.hold(session, alone=True)
        everything = await advisories.changed_everything(session, update_id)
        return await concerned.due(session, update_id, everything=everything, after=after, limit=SCANS)


async def load(sessions: Sessions, scan_ids: Sequence[UUID]) -> Due:
    """What the first of these scans hold, as many as one child takes, but for those with nothing kept."""
    chosen, loaded, count = list[UUID](), dict[UUID, Inventory](), 0
    async with sessions() as session:
        found = {scan.id: scan for scan in await scans.several(session, scan_ids)}
        for scan_id in scan_ids:
            scan = found.get(scan_id)
            size = int(scan.summary.get(inventories.PACKAGES) or 0) if scan else 0
            if chosen and count + size > PACKAGES:
                break
            chosen.append(scan_id)
            count += size
        held = await packages.whole(session, chosen)
        for scan_id in chosen:
            if scan_id in held:
                scan = found[scan_id]
                artifact = await concerned.artifact_of(session, scan_id)
                name = scan.name or str(scan.artifact_id)
                loaded[scan_id] = Inventory(packages=tuple(held[scan_id]), artifact=artifact or name, name=name)
    return Due(scans=tuple(chosen), held=tuple(loaded), inventories=tuple(loaded.values()))


async def state_of(sessions: Sessions, update_id: UUID) -> str | None:
    """The database's state after an update; ``None`` when there is no such update any more."""
    async with sessions() as session:
        update = await advisories.find(session, update_id)
    return update.state if update else None


async def apply(platform: Platform, scan_id: UUID, report: Report, *, state: str) -> bool:
    """Write what the match of an inventory came to; ``False`` where it is another scan's word by now."""
    failed = report.scan_status is ScanStatus.FAILED
    key = None if failed else await rematched.keep(platform, scan_id, report, slot=_SLOT)
    needless = key
    try:
        async with platform.sessions() as session, session.begin():
            held = await _written(session, scan_id, report, state=state, key=key)
        if held is not None:
            needless = (held.rematch or {}).get(rematched.KEY)
    finally:
        if needless is not None:
            with suppress(ServiceError):  # it stays, and nothing leads to it
                await platform.storage.delete(needless)
    return held is not None


async def _written(session: Session, scan_id: UUID, report: Report, *, state: str, key: str | None) -> Scan | None:
    """Write it in one transaction; the scan as it was before, ``None`` where nothing was written."""
    scan = await scans.find(session, scan_id)
    if scan is None:
        return None
    await sightings.hold_project(session, scan.project_id)
    scan = await scans.lock(session, scan_id)
    if scan is None or scan.status != "done" or await concerned.is_replaced(session, scan_id):
        return None
    if report.scan_status is ScanStatus.FAILED:
        await _failed(session, scan, report.error or "the inventory could not be matched")
        return None
    place = ingest.place_of(scan, _SLOT, report.target.digest)
    new, gone = await _findings(session, scan, place, report)
    await _tell(session, scan, place, report, state=state, new=new, gone=gone, key=key)
    return scan


async def fail(sessions: Sessions, scan_id: UUID, detail: str) -> None:
    """Say in a scan that its inventory could not be matched again."""
    async with sessions() as session, session.begin():
        scan = await scans.lock(session, scan_id)
        if scan is not None:
            await _failed(session, scan, detail)


async def _failed(session: Session, scan: Scan, detail: str) -> None:
    """What was found stands, and is of older advisories than it could be: that is a gap until the next match."""
    failed = {"what": inventories.REMATCH, "state": "failed", "reason": "not_matched", "detail": detail, "slot": _SLOT}
    coverage = [*(entry for entry in scan.coverage if entry.get("what") != inventories.REMATCH), failed]
    await scans.change(session, scan.id, coverage=coverage)
    said = NewEvent(ts=clock.now(), stage="rematch.err", detail=detail, level="error")
    await events.append(session, scan.id, [said], slot=_SLOT)


async def _findings(session: Session, scan: Scan, place: Place, report: Report) -> tuple[list[str], list[str]]:
    """Write findings as a scan's are; the titles of those that the scan had not before, and has no more."""
    seen = intake.sightings(report, Asset(type="package", value=scan.name or report.target.source))
    await sightings.rename(session, place, seen)
    ids = await sightings.upsert(session, place, seen)
    before = await sightings.placed(session, place, list(ids.values())) if ids else set[UUID]()
    assets = ((ids[sighting.domain, sighting.title], asset) for sighting in seen for asset in sighting.assets)
    await sightings.place_assets(session, place, assets)
    await sightings.link(session, place, ids.values())
    gone = await sightings.drop_unsaid(session, place, sorted({package.purl for package in report.packages}))
    new = {found: title for (_, title), found in ids.items() if found not in before}
    # what stood here when it was solved stands here still, and says nothing: the artifact was not looked at again
    looked = scan.started_at or scan.inserted_at
    await regressions.reappear(session, place, list(before), looked_from=looked)
    await regressions.reappear(session, place, list(new), looked_from=place.at)
    await priorities.rewrite(session, ids.values(), at=place.at, sources=report.sources)
    await webhooks.announce_findings(session, scan, await sightings.new_critical(session, place, ids.values()))
    return sorted(new.values()), gone


async def _tell(
    session: Session,
    scan: Scan,
    place: Place,
    report: Report,
    *,
    state: str,
    new: list[str],
    gone: list[str],
    key: str | None,
) -> None:
    """Say in the scan that it was matched again, when, with what, and what came of it."""
    sources = [{"feed": source.feed, "date": source.date and source.date.isoformat()} for source in report.sources]
    told = {
        "at": place.at.isoformat(),
        "state": state,
        "sources": intake.scrub(sources),
        "new": len(new),
        "gone": len(gone),
        rematched.KEY: key,
    }
    dates = [source.date for source in report.sources if source.date]
    of = f" of {max(dates):%Y-%m-%d}" if dates else ""
    detail = f"matched again with advisories{of}: {len(new):,} new, {len(gone):,} gone"
    # advisories are asked anew; all else was seen of the artifact, and stands
    kept = [entry for entry in scan.coverage if not str(entry.get("what", "")).startswith("advisories")]
    looked = {"what": inventories.REMATCH, "state": "looked", "detail": detail, "slot": _SLOT}
    coverage = [*kept, *intake.coverage(report.coverage, _SLOT), looked]
    summary = {**scan.summary, inventories.UPGRADES: intake.upgrades(report)}
    await scans.change(session, scan.id, rematch=told, coverage=coverage, summary=summary)
    data = {"new": new[:_NAMED], "gone": gone[:_NAMED]}
    said = NewEvent(
        ts=place.at, stage="rematch.done", detail=detail, data={name: held for name, held in data.items() if held}
    )
    await events.append(session, scan.id, [said], slot=_SLOT)
    held = await scans.find(session, scan.id)
    if held is not None:
        await runs.restate(session, held)
