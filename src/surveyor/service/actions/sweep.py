"""Ends what nobody works on any more, and forgets what nobody can use."""

from __future__ import annotations

from datetime import timedelta

from surveyor.service import queue
from surveyor.service.actions import clock, slots
from surveyor.service.store import advisories, llm_quota, ratelimit, scans, signin
from surveyor.service.store.database import Sessions

STALE = "stale job timeout"


async def stale(sessions: Sessions, *, seconds: float) -> int:
    """Fail runs that were silent for so long while a worker should have been at them; the number of those.

    A run that only waits behind others is not stale: a job of it is still in the queue and no slot has begun.
    """
    ended = 0
    async with sessions() as session:
        silent = await scans.silent(session, before=clock.now() - timedelta(seconds=seconds))
    for scan_id in silent:
        async with sessions() as session:
            scan = await scans.find(session, scan_id)
            if scan is None:
                continue
            begun = any(slot.state == "running" for slot in scan.scanner_status.values())
            waiting = not begun and await queue.any_waits(session, scan.job_ids)
        if not waiting:
            ended += await slots.fail(sessions, scan_id, reason=slots.STALE, detail=STALE)
    return ended


async def forget(sessions: Sessions) -> None:
    """Drop expired links and sessions, rate windows of yesterday, and advisory updates that no worker lived to end."""
    now = clock.now()
    async with sessions() as session, session.begin():
        await signin.expire(session, now=now)
        await ratelimit.expire(session, before=now - timedelta(days=1))
        await llm_quota.release_orphans(session, before=now - timedelta(hours=1))
        await advisories.expire(session, before=now - timedelta(hours=6), now=now)
