"""Follows one scan's events from any point to its end, for any number of readers in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from surveyor.service.live.listen import Bells, listen, topic_of
from surveyor.service.store import events, scans
from surveyor.service.store.database import Sessions
from surveyor.service.store.events import StoredEvent

log = structlog.get_logger("surveyor.live")
PING_SECONDS = 15.0
BATCH = 500
#: A pause after an error of the database, in seconds; the listener's reconnection rings everyone anyway.
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Events in order; ``ended`` when the scan has ended and these are its last."""

    events: tuple[StoredEvent, ...]
    ended: bool


class Streams:
    """What follows scans in this process; ``stop`` lets every stream end at once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._bells = Bells()
        self._looks: dict[tuple[UUID, int, int], asyncio.Future[_Look]] = {}
        self._loop = asyncio.get_running_loop()
        self._stopping = False

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, dsn: str, sessions: Sessions) -> AsyncIterator[Self]:
        """Listen for news while the block lasts; ``dsn`` is a libpq URL."""
        streams = cls(sessions)
        listener = asyncio.create_task(listen(dsn, streams._bells), name="listen")
        try:
            yield streams
        finally:
            streams.stop()
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener

    def stop(self) -> None:
        """End all streams, from any thread or signal handler: an open one would hold a server's shutdown."""
        self._stopping = True
        with contextlib.suppress(RuntimeError):  # the loop has ended, and every stream with it
            self._loop.call_soon_threadsafe(self._bells.ring_all)

    @property
    def followers(self) -> int:
        """How many streams are open."""
        return self._bells.readers

    async def follow(
        self, scan_id: UUID, after: int = 0, *, ping: float = PING_SECONDS
    ) -> AsyncIterator[tuple[StoredEvent, ...]]:
        """Batches of events behind a number, without gap or repeat, until the scan has ended or ``stop`` is called.

        An empty batch comes after each ``ping`` seconds of silence, as a sign of life. While the database is away
        nothing comes, and nothing is lost.
        """
        with self._bells.subscribe(topic_of(scan_id)) as bell:
            while not self._stopping:
                # cleared before looking: what is stored while we look rings again
                bell.clear()
                look = await self._look(scan_id, after)
                if look is None:
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                if look.events:
                    after = look.events[-1].seq
                    yield look.events
                if look.ended:
                    return
                if len(look.events) < BATCH and not await _rung(bell, ping):
                    yield ()

    async def _look(self, scan_id: UUID, after: int) -> _Look | None:
        """One query for all readers at the same place; ``None`` while the database is away."""
        # with the last ring: what rang after a look had begun may be missing in it
        key = (scan_id, after, self._bells.last(topic_of(scan_id)))
        if (look := self._looks.get(key)) is None:
            look = asyncio.ensure_future(self._query(scan_id, after))
            self._looks[key] = look
            look.add_done_callback(lambda ended: self._forget(key, ended))
        try:
            return await asyncio.shield(look)
        except (DBAPIError, PoolTimeout) as error:
            log.warning("stream.database", error=type(error).__name__)
            return None

    def _forget(self, key: tuple[UUID, int, int], ended: asyncio.Future[_Look]) -> None:
        self._looks.pop(key, None)
        if not ended.cancelled():
            ended.exception()  # taken note of, also when every reader has left

    async def _query(self, scan_id: UUID, after: int) -> _Look:
        async with self._sessions() as session:
            # the state first: if it has ended, the events read after it are all there will be
            scan = await scans.find(session, scan_id)
            found = tuple(await events.after(session, scan_id, after, limit=BATCH))
        if scan is None:
            return _Look(events=(), ended=True)
        # not by the last number: an old scan's events may have been removed
        return _Look(events=found, ended=scan.status in scans.TERMINAL and len(found) < BATCH)


async def _rung(bell: asyncio.Event, seconds: float) -> bool:
    """Wait for a ring; ``False`` when none came in time."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return False
    return True
