"""Forgets what is old: the bytes of artifacts, the events of ended scans. Findings, inventories and runs stay."""

from __future__ import annotations

from datetime import timedelta

from surveyor.service.actions import clock
from surveyor.service.actions.platform import Platform
from surveyor.service.store import artifacts, events
from surveyor.service.store.database import Sessions

#: So many at a time, that no transaction is long.
ARTIFACTS, SCANS = 100, 20


async def forget_artifacts(platform: Platform, *, days: int) -> int:
    """Remove the bytes of artifacts whose last upload and last scan are so old; the number of those.

    The row says so first and the object goes afterwards: what is interrupted between the two is finished next time.
    """
    before = clock.now() - timedelta(days=days)
    while True:
        async with platform.sessions() as session, session.begin():
            marked = await artifacts.mark_old(session, before=before, now=clock.now(), limit=ARTIFACTS)
        if marked < ARTIFACTS:
            break
    gone = 0
    while True:
        async with platform.sessions() as session:
            left = await artifacts.left_over(session, limit=ARTIFACTS)
        for artifact_id, key in left:
            await platform.storage.delete(key)
            async with platform.sessions() as session, session.begin():
                await artifacts.emptied(session, artifact_id, key)
        gone += len(left)
        if len(left) < ARTIFACTS:
            return gone


async def forget_events(sessions: Sessions, *, days: int) -> int:
    """Remove the events of scans that ended so long ago; the number of those scans. A run's ``last_seq`` stays."""
    before, gone = clock.now() - timedelta(days=days), 0
    while True:
        async with sessions() as session, session.begin():
            found = await events.remove_old(session, before=before, now=clock.now(), limit=SCANS)
        gone += found
        if found < SCANS:
            return gone
