"""The one LISTEN connection of a process: turns notifications into rings of in-process topics."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import structlog

from surveyor.service.store.database import conninfo_of
from surveyor.service.store.events import CHANNEL

log = structlog.get_logger("surveyor.live")
FIRST_PAUSE, LAST_PAUSE = 0.1, 5.0
#: How long a connection may be silent before it is asked whether it still lives.
SILENCE_SECONDS = 15.0


def topic_of(scan_id: UUID) -> str:
    """The topic of one scan."""
    return f"audit:scan:{scan_id}"


@dataclass(slots=True)
class _Topic:
    """Who waits for its rings, and the number of the last one."""

    last: int
    readers: set[asyncio.Event] = field(default_factory=set)


@dataclass(slots=True)
class Bells:
    """Who waits for what. A ring says only that there may be news: whoever hears it asks the database."""

    _topics: dict[str, _Topic] = field(default_factory=dict)
    #: Of all topics, so that one whose readers have left never has the same number again.
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextlib.contextmanager
    def subscribe(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that is set at each ring of a topic; clear it, then look."""
        event = asyncio.Event()
        held = self._topics.get(topic)
        if held is None:
            held = self._topics[topic] = _Topic(last=next(self._numbers))
        held.readers.add(event)
        try:
            yield event
        finally:
            held.readers.discard(event)
            if not held.readers:
                del self._topics[topic]

    def last(self, topic: str) -> int:
        """The number of the last ring of a topic that somebody waits for."""
        return self._topics[topic].last

    @property
    def readers(self) -> int:
        """How many wait, of all topics."""
        return sum(len(topic.readers) for topic in self._topics.values())

    def ring(self, topic: str) -> None:
        """Wake a topic's readers."""
        held = self._topics.get(topic)
        if held is None:
            return
        held.last = next(self._numbers)
        for event in held.readers:
            event.set()

    def ring_all(self) -> None:
        """Wake everyone: something may have been missed."""
        for topic in self._topics:
            self.ring(topic)


async def listen(dsn: str, bells: Bells) -> None:
    """Ring topics as notifications come, until cancelled; a lost connection is made again, then everyone is rung."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo_of(dsn), autocommit=True) as connection:
                await connection.execute(f"listen {CHANNEL}")
                bells.ring_all()
                pause = FIRST_PAUSE
                await _hear(connection, bells)
        except psycopg.OperationalError as error:
            log.warning("listen.lost", error=str(error).strip().splitlines()[:1], again_in=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_PAUSE)


async def _hear(connection: psycopg.AsyncConnection[tuple[object, ...]], bells: Bells) -> None:
    while True:
        async for notice in connection.notifies(timeout=SILENCE_SECONDS):
            scan_id, _, _ = notice.payload.partition(":")
            bells.ring(f"audit:scan:{scan_id}")
        # nothing for a while: finds a connection whose other end is gone without a word
        await connection.execute("select 1")
