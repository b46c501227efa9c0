"""Judges again what a page's scanners saw: a run of its own, by today's rules, that looks at nothing itself.

It writes findings as a scan does, as of the time when somebody looked. So it is only for the newest look at a page:
what a later scan has seen is not overwritten by what was there before.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

from surveyor.scan.address import normal
from surveyor.scan.model import Kind
from surveyor.scan.plan import WEB_SLOTS
from surveyor.service.actions import kickoff, options
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, NotFound
from surveyor.service.store import scans, sightings
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.scans import TERMINAL, NewScan, Scan

#: Why a slot of such a run fails: what it was to judge is gone, or older than what is known by now.
GONE, OVERTAKEN = "no_evidence", "overtaken"
NOTHING = "what the scan saw is no longer kept"
_LATER = "a later scan looks at this page, or has: what that one saw can be judged again"


async def start(platform: Platform, *, team_id: UUID, project_id: UUID, scan_id: UUID) -> Scan:
    """Queue a run that judges what an ended scan saw, or what the scan saw that it judged itself.

    Conflict while the scan has not ended, where nothing is kept of it, and where a later one has looked at the page.
    """
    async with platform.sessions() as session, session.begin():
        named = await scans.find(session, scan_id, team_id=team_id, project_id=project_id)
        if named is None:
            raise NotFound("no such scan")
        saw = named if named.recheck_of is None else await scans.find(session, named.recheck_of)
        if saw is None or (saw.status in TERMINAL and not saw.evidence_keys):
            raise Conflict("of what this scan saw nothing is kept; scan the page again")
        if saw.status not in TERMINAL:
            raise Conflict(f"the scan is {saw.status}; what it saw can be judged again when it has ended")
        if await _is_overtaken(session, saw):
            raise Conflict(_LATER)
        new = NewScan(
            id=uuid4(),
            team_id=team_id,
            project_id=project_id,
            kind=Kind.WEB,
            trigger="manual",
            url=saw.url,
            name=saw.name,
            recheck_of=saw.id,
        )
        # proofs of what it finds look at the page as that scan did
        asked = options.of_scan(saw, platform.vault)
        new = replace(new, **options.columns(asked, options.owner(new.id), platform.vault))
        return (await kickoff.enqueue(session, [new]))[0]


async def judges_only(sessions: Sessions, scan_id: UUID) -> bool:
    """Whether a run looks at nothing itself."""
    async with sessions() as session:
        scan = await scans.find(session, scan_id)
    return scan is not None and scan.recheck_of is not None


async def slots_of(session: Session, scan: Scan) -> tuple[str, ...]:
    """The scanners of which what they saw is kept; all of them where nothing is, so that they say so."""
    saw = await scans.find(session, scan.recheck_of) if scan.recheck_of is not None else None
    kept = {} if saw is None else saw.evidence_keys
    return tuple(name for name in WEB_SLOTS if name in kept) or WEB_SLOTS


async def newest(session: Session, scan: Scan) -> Scan | None:
    """The run whose evidence a run judges, if it does that; Conflict where a later one has looked at the page.

    No other scan writes into the project's findings until the transaction ends.
    """
    if scan.recheck_of is None:
        return None
    await sightings.hold_project(session, scan.project_id)
    saw = await scans.find(session, scan.recheck_of)
    if saw is None or await _is_overtaken(session, saw):
        raise Conflict(_LATER)
    return saw


async def _is_overtaken(session: Session, saw: Scan) -> bool:
    assert saw.url is not None
    page = normal(saw.url)
    return any(normal(url) == page for url in await scans.looked_later(session, saw))
