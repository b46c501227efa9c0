"""Following a scan: replay from any point, no gap and no repeat, news in time, through a restart of the database."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import scans, slots
from surveyor.service.live.listen import SILENCE_SECONDS
from surveyor.service.live.stream import Streams
from surveyor.service.store.events import NewEvent, StoredEvent
from surveyor.service.store.scans import Scan
from tests.servers.pipeline import Ground


class Talker:
    """A slot that says things."""

    def __init__(self, ground: Ground, scan: Scan) -> None:
        self.ground, self.scan, self.run, self.offset = ground, scan, uuid4(), 0

    async def say(self, count: int = 1) -> None:
        said = [NewEvent(ts=datetime.now(UTC), stage="seo.step", detail=str(self.offset + n)) for n in range(count)]
        start, self.offset = self.offset, self.offset + count
        sessions = self.ground.platform.sessions
        assert await slots.deliver(sessions, self.scan, "seo", self.run, said, start=start, offset=self.offset)


@pytest.fixture
async def talker(ground: Ground) -> Talker:
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    near = replace(ground, platform=replace(ground.platform, scan=settings))
    scan = await scans.start_web(near.platform, **near.place, url="http://127.0.0.1:9/")
    await slots.begin(near.platform.sessions, scan.id)
    made = Talker(near, scan)
    await slots.claim(near.platform.sessions, scan.id, "seo", made.run)
    return made


async def read(streams: Streams, scan: Scan, *, after: int = 0, until: int | None = None) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    async for batch in streams.follow(scan.id, after, ping=0.2):
        found += batch
        if until is not None and found and found[-1].seq >= until:
            break
    return found


@pytest.fixture
def dsn(ground: Ground) -> str:
    assert ground.config.database_url is not None
    return ground.config.database_url.get_secret_value()


async def test_readers_from_any_point_get_every_event_once_and_the_end(talker: Talker, dsn: str) -> None:
    ground, scan = talker.ground, talker.scan
    async with Streams.open(dsn, ground.platform.sessions) as streams:
        readers = [asyncio.create_task(read(streams, scan, after=after)) for after in (0, 0, 0, 1, 5, 30)]
        for count in (1, 700, 3, 1, 20):
            await talker.say(count)
            await asyncio.sleep(0.01)
        await scans.cancel(ground.platform, **ground.place, scan_id=scan.id)
        heard = await asyncio.wait_for(asyncio.gather(*readers), 20)
        late = await asyncio.wait_for(read(streams, scan, after=700), 5)
    last = (await ground.scan(scan.id)).last_seq
    for after, events in zip((0, 0, 0, 1, 5, 30), heard, strict=True):
        assert [event.seq for event in events] == list(range(after + 1, last + 1))
    assert [event.seq for event in late] == list(range(701, last + 1))
    assert late[-1].stage == "scan.cancelled"


async def test_news_reach_many_readers_by_the_bell(talker: Talker, dsn: str) -> None:
    taken: list[float] = []
    at: dict[int, float] = {}

    async def reader(streams: Streams) -> None:
        seen = 0
        async for batch in streams.follow(talker.scan.id, 1):
            for event in batch:
                if event.stage == "seo.step":
                    taken.append(time.perf_counter() - at[int(event.detail)])
                    seen += 1
            if seen == 30:
                return

    async with Streams.open(dsn, talker.ground.platform.sessions) as streams, AsyncExitStack():
        readers = [asyncio.create_task(reader(streams)) for _ in range(50)]
        await asyncio.sleep(0.2)
        for number in range(30):
            at[number] = time.perf_counter()
            await talker.say()
            await asyncio.sleep(0.03)
        await asyncio.wait_for(asyncio.gather(*readers), 20)
    assert len(taken) == 50 * 30
    # a bell that nobody hears is made up for by a look every 15 seconds; how fast it is, a benchmark measures
    assert max(taken) < SILENCE_SECONDS / 2


async def test_readers_at_one_place_share_a_query(talker: Talker, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    query = Streams._query

    async def counted(self: Streams, *given: object) -> object:
        nonlocal asked
        asked += 1
        return await query(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Streams, "_query", counted)
    async with Streams.open(dsn, talker.ground.platform.sessions) as streams:
        readers = [asyncio.create_task(read(streams, talker.scan, until=11)) for _ in range(40)]
        await asyncio.sleep(0.1)
        for _ in range(10):
            await talker.say()
            await asyncio.sleep(0.02)
        await asyncio.wait_for(asyncio.gather(*readers), 10)
    # 40 readers and 10 events: apart they would ask 400 times
    assert asked < 60


async def test_silence_is_filled_with_signs_of_life_and_stop_ends_all(talker: Talker, dsn: str) -> None:
    async with Streams.open(dsn, talker.ground.platform.sessions) as streams:
        pings = 0

        async def listen() -> None:
            nonlocal pings
            async for batch in streams.follow(talker.scan.id, 1, ping=0.05):
                pings += not batch

        readers = [asyncio.create_task(listen()) for _ in range(20)]
        await asyncio.sleep(0.5)
        streams.stop()
        await asyncio.wait_for(asyncio.gather(*readers), 5)
    assert pings >= 20


async def test_a_lost_connection_loses_no_event(talker: Talker, dsn: str) -> None:
    async with Streams.open(dsn, talker.ground.platform.sessions) as streams:
        reader = asyncio.create_task(read(streams, talker.scan, until=61))
        for number in range(60):
            await talker.say()
            if number in {10, 30}:
                await asyncio.to_thread(_end_listeners, dsn)
            await asyncio.sleep(0.01)
        heard = await asyncio.wait_for(reader, 20)
    assert [event.seq for event in heard] == list(range(1, 62))


def _end_listeners(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        ended = connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'"
        ).fetchall()
    assert ended


async def test_a_scan_that_is_not_there_ends_at_once(ground: Ground, dsn: str) -> None:
    async with Streams.open(dsn, ground.platform.sessions) as streams:
        assert [batch async for batch in streams.follow(uuid4())] == []
