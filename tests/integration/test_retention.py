"""What is forgotten and when: bytes of old artifacts, events of old scans; never what an open scan needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from uuid import UUID

import pytest
from sqlalchemy import text

from surveyor.service import config as service_config
from surveyor.service.actions import retention, scans, uploads
from surveyor.service.config import Config
from surveyor.service.errors import Conflict
from surveyor.service.live.stream import Streams
from surveyor.service.store.scans import Scan
from tests.servers.pipeline import Ground, wheel


async def age(ground: Ground, scan: Scan, days: int) -> None:
    """Make a scan, its file and its delivery so old."""
    async with ground.platform.sessions() as session, session.begin():
        for statement in (
            "update audit_scan_runs set inserted_at = inserted_at - make_interval(days => :days) where id = :id",
            "update audit_scan_runs set finished_at = finished_at - make_interval(days => :days) where id = :id",
            "update artifacts set inserted_at = inserted_at - make_interval(days => :days) where id = :artifact",
            "update uploads set inserted_at = inserted_at - make_interval(days => :days) where artifact_id = :artifact",
        ):
            await session.execute(text(statement), {"days": days, "id": scan.id, "artifact": scan.artifact_id})


@cache
def file(name: str) -> bytes:
    """The same bytes each time: a wheel holds the time of its making."""
    return wheel(name)


async def ended(ground: Ground, name: str) -> Scan:
    scan = await ground.start(file(name), f"{name}.whl")
    return await scans.cancel(ground.platform, **ground.place, scan_id=scan.id)


async def kept(ground: Ground) -> int:
    return len([meta async for meta in ground.platform.storage.list("uploads")])


async def test_old_artifacts_go_and_what_an_open_scan_needs_stays(ground: Ground) -> None:
    old, fresh = await ended(ground, "old"), await ended(ground, "fresh")
    waiting = await ground.start(file("waiting"), "waiting.whl")
    await age(ground, old, 31)
    await age(ground, fresh, 29)
    await age(ground, waiting, 400)
    assert await kept(ground) == 3
    assert await retention.forget_artifacts(ground.platform, days=30) == 1
    assert await kept(ground) == 2
    assert await retention.forget_artifacts(ground.platform, days=30) == 0
    with pytest.raises(Conflict, match="upload it again"):
        await scans.retry(ground.platform, **ground.place, scan_id=old.id)
    for scan in (fresh, waiting):
        async with ground.platform.sessions() as session:
            assert scan.artifact_id is not None
            removed = await session.execute(
                text("select removed_at from artifacts where id = :id"), {"id": scan.artifact_id}
            )
            assert removed.scalar_one() is None


async def test_an_artifact_that_is_brought_or_scanned_again_is_young_again(ground: Ground) -> None:
    old = await ended(ground, "old")
    await age(ground, old, 40)
    again = await scans.retry(ground.platform, **ground.place, scan_id=old.id)
    await scans.cancel(ground.platform, **ground.place, scan_id=again.id)
    assert await retention.forget_artifacts(ground.platform, days=30) == 0
    await age(ground, again, 40)
    assert await retention.forget_artifacts(ground.platform, days=30) == 1
    # the same bytes may come again, and are there again
    back = await ground.start(file("old"), "old.whl")
    assert back.artifact_id == old.artifact_id
    assert await kept(ground) == 1
    assert await retention.forget_artifacts(ground.platform, days=30) == 0


async def test_an_object_whose_removal_was_interrupted_goes_next_time(ground: Ground) -> None:
    old = await ended(ground, "old")
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(text("update artifacts set removed_at = now() where id = :id"), {"id": old.artifact_id})
    assert await kept(ground) == 1
    assert await retention.forget_artifacts(ground.platform, days=30) == 1
    assert await kept(ground) == 0


async def test_a_scan_that_starts_while_its_file_is_being_forgotten_keeps_it_or_is_told(ground: Ground) -> None:
    for number in range(12):
        name = f"race{number}"
        old = await ended(ground, name)
        await age(ground, old, 40)
        assert old.artifact_id is not None

        async def start(old: Scan = old) -> Scan | None:
            try:
                return await scans.retry(ground.platform, **ground.place, scan_id=old.id)
            except Conflict:
                return None

        async def bring(name: str = name) -> UUID:
            async def chunks() -> AsyncIterator[bytes]:
                yield file(name)

            _, artifact = await uploads.receive(
                ground.platform, **ground.place, filename=f"{name}.whl", chunks=chunks()
            )
            return artifact.id

        racers = [start() if number % 2 else bring(), retention.forget_artifacts(ground.platform, days=30)]
        began, _ = await asyncio.gather(*racers)
        async with ground.platform.sessions() as session:
            statement = text("select storage_key, removed_at from artifacts where id = :id")
            key, removed = (await session.execute(statement, {"id": old.artifact_id})).one()
        # whoever won: a scan that was accepted, or an upload, has its bytes
        assert (removed is None) == (began is not None), name
        if began is not None:
            assert await ground.platform.storage.get_bytes(key) == file(name)


async def test_old_events_go_with_their_scans_end_and_readers_are_told_the_end(ground: Ground) -> None:
    old, fresh, running = await ended(ground, "old"), await ended(ground, "fresh"), await ground.start(wheel(), "r.whl")
    await age(ground, old, 91)
    await age(ground, fresh, 89)
    await age(ground, running, 400)
    assert await retention.forget_events(ground.platform.sessions, days=90) == 1
    assert await retention.forget_events(ground.platform.sessions, days=90) == 0
    assert await ground.events(old.id) == []
    assert await ground.events(fresh.id) != []
    held = await ground.scan(old.id)
    assert held.events_removed_at is not None
    assert held.last_seq == old.last_seq > 0
    assert ground.config.database_url is not None
    async with Streams.open(ground.config.database_url.get_secret_value(), ground.platform.sessions) as streams:
        async with asyncio.timeout(20):
            assert [batch async for batch in streams.follow(old.id)] == []


def test_how_long_is_a_setting() -> None:
    assert service_config.load({"SURVEYOR_HOME": "/tmp/x"}).artifact_days == 30
    assert service_config.load({"SURVEYOR_HOME": "/tmp/x"}).event_days == 90
    given = service_config.load({"SURVEYOR_HOME": "/tmp/x", "SURVEYOR_ARTIFACT_DAYS": "0", "SURVEYOR_EVENT_DAYS": "7"})
    assert isinstance(given, Config)
    assert (given.artifact_days, given.event_days) == (0, 7)
