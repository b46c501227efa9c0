"""Passes slots from worker to worker: how often one was tried, and what a worker that stops says of its own."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from surveyor.remedy import lifecycle
from surveyor.service.actions import clock, slots
from surveyor.service.actions.slots import Leftover
from surveyor.service.store import events, scans
from surveyor.service.store.database import Sessions
from surveyor.service.store.events import NewEvent


async def attempts(sessions: Sessions, scan_id: UUID, slot: str) -> int:
    """How often a slot was begun and not handed back."""
    async with sessions() as session:
        scan = await scans.find(session, scan_id)
    held = scan.scanner_status.get(slot) if scan else None
    return held.attempt if held else 0


async def all_ended(sessions: Sessions, scan_id: UUID) -> bool:
    """Whether no scanner of a run is to work any more."""
    async with sessions() as session:
        scan = await scans.find(session, scan_id)
    return scan is None or all(held.state in lifecycle.ENDED for held in scan.scanner_status.values())


async def held_before(sessions: Sessions, scan_id: UUID, slot: str) -> Leftover | None:
    """The run that held a slot when its worker was lost, and how far its progress was stored; nothing read yet."""
    async with sessions() as session:
        scan = await scans.find(session, scan_id)
    held = scan.scanner_status.get(slot) if scan else None
    if scan is None or held is None or held.run is None or held.state in lifecycle.ENDED:
        return None
    return Leftover(run=UUID(held.run), offset=scan.event_offsets.get(slot, 0), said=())


async def hand_back(sessions: Sessions, scan_id: UUID, slot: str, run: UUID) -> bool:
    """Let go of a slot because the worker stops: no fault of the scan's, so it costs no attempt.

    The slot remembers its run, so that the next one finds what this one's child had said and nobody had stored.
    """
    async with sessions() as session, session.begin():
        scan = await scans.lock(session, scan_id)
        if scan is None or not scans.holds(scan, slot, run):
            return False
        held = scan.scanner_status[slot]
        waiting = replace(held, state="pending", attempt=held.attempt - 1)
        await scans.change(session, scan_id, scanner_status={**scan.scanner_status, slot: waiting})
        stage, detail = f"{slots.stem(scan, slot)}.retry.warn", "its worker was stopped; another begins anew"
        await events.append(
            session, scan_id, [NewEvent(ts=clock.now(), stage=stage, detail=detail, level="warn")], slot=slot
        )
    return True
