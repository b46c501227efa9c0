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
from surveyor.service.live.listen import topic_of
from surveyor.service.live.stream import Streams
from surveyor.service.store.events import NewEvent, StoredEvent
from surveyor.service.store.scans import Scan
from tests.servers.pipeline import Ground

#: As a reader's ``ping``: the looks that it takes without being rung come after the test.
NEVER = 3600.0


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


async def read(
    streams: Streams, scan: Scan, *, after: int = 0, until: int | None = None, ping: float = 0.2
) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    async for batch in streams.follow(scan.id, after, ping=ping):
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
        heard = await asyncio.wait_for(asyncio.gather(*readers), 60)
        late = await asyncio.wait_for(read(streams, scan, after=700), 60)
    last = (await ground.scan(scan.id)).last_seq
    for after, events in zip((0, 0, 0, 1, 5, 30), heard, strict=True):
        assert [event.seq for event in events] == list(range(after + 1, last + 1))
    assert [event.seq for event in late] == list(range(701, last + 1))
    assert late[-1].stage == "scan.cancelled"


async def test_news_reach_many_readers_by_the_bell(talker: Talker, dsn: str) -> None:
    async def reader(streams: Streams) -> list[int]:
        heard: list[int] = []
        # nobody looks without being rung; how fast a bell is, a benchmark measures
        async for batch in streams.follow(talker.scan.id, 1, ping=NEVER):
            heard += [int(event.detail) for event in batch if event.stage == "seo.step"]
            if len(heard) == 30:
                break
        return heard

    async with Streams.open(dsn, talker.ground.platform.sessions) as streams, AsyncExitStack():
        readers = [asyncio.create_task(reader(streams)) for _ in range(50)]
        await asyncio.sleep(0.2)
        for _ in range(30):
            await talker.say()
            await asyncio.sleep(0.03)
        heard = await asyncio.wait_for(asyncio.gather(*readers), 60)
    assert heard == [list(range(30))] * 50


async def test_readers_at_one_place_share_a_query(talker: Talker, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    query = Streams._query

    async def counted(self: Streams, *given: object) -> object:
        nonlocal asked
        asked += 1
        return await query(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Streams, "_query", counted)
    async with Streams.open(dsn, talker.ground.platform.sessions) as streams:
        # rung only: on a slow machine each silence would be filled with a look of its own
        readers = [asyncio.create_task(read(streams, talker.scan, until=11, ping=NEVER)) for _ in range(40)]
        await asyncio.sleep(0.1)
        for _ in range(10):
            await talker.say()
            await asyncio.sleep(0.02)
        await asyncio.wait_for(asyncio.gather(*readers), 60)
    # 40 readers and 10 events: apart they would ask 400 times
    assert asked < 60


async def test_who_is_rung_shares_no_look_that_began_before(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    streams, looked, go = Streams(talker.ground.platform.sessions), asyncio.Event(), asyncio.Event()
    query = Streams._query

    async def held_up(self: Streams, *given: object) -> object:
        look = await query(self, *given)  # type: ignore[arg-type]
        looked.set()
        await go.wait()
        return look

    waiting = streams.follow(talker.scan.id, ping=NEVER)
    assert [event.seq for event in await anext(waiting)] == [1]
    news = asyncio.ensure_future(anext(waiting))
    with monkeypatch.context() as patch:
        patch.setattr(Streams, "_query", held_up)
        other = asyncio.create_task(read(streams, talker.scan, after=1, until=2, ping=NEVER))
        await asyncio.wait_for(looked.wait(), 30)
    await talker.say()
    streams._bells.ring(topic_of(talker.scan.id))
    assert [event.seq for event in await asyncio.wait_for(news, 30)] == [2]
    go.set()
    assert [event.seq for event in await asyncio.wait_for(other, 30)] == [2]


async def test_silence_is_filled_with_signs_of_life_and_stop_ends_all(talker: Talker, dsn: str) -> None:
    async with Streams.open(dsn, talker.ground.platform.sessions) as streams:
        signs = [0] * 20

        async def listen(who: int) -> None:
            async for batch in streams.follow(talker.scan.id, 1, ping=0.05):
                signs[who] += not batch

        readers = [asyncio.create_task(listen(who)) for who in range(20)]
        async with asyncio.timeout(60):
            while min(signs) < 2:
                await asyncio.sleep(0.02)
        streams.stop()
        await asyncio.wait_for(asyncio.gather(*readers), 30)


async def test_a_lost_connection_loses_no_event(talker: Talker, dsn: str) -> None:
    async with Streams.open(dsn, talker.ground.platform.sessions) as streams:
        reader = asyncio.create_task(read(streams, talker.scan, until=61))
        for number in range(60):
            await talker.say()
            if number in {10, 30}:
                await asyncio.to_thread(_end_listener, dsn)
            await asyncio.sleep(0.01)
        heard = await asyncio.wait_for(reader, 60)
    assert [event.seq for event in heard] == list(range(1, 62))


def _end_listener(dsn: str) -> None:
    """Cut the listening connection as soon as there is one: the one that was cut before is replaced in its own time."""
    # of our database: other tests of this run listen on the same server
    cut = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and query ilike 'listen %'"
    )
    deadline = time.monotonic() + 30
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not connection.execute(cut).fetchall():
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.02)


async def test_a_scan_that_is_not_there_ends_at_once(ground: Ground, dsn: str) -> None:
    async with Streams.open(dsn, ground.platform.sessions) as streams:
        assert [batch async for batch in streams.follow(uuid4())] == []
