"""Follows one scan's events from any point to its end, as values and as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from typing import Self
from uuid import UUID

import orjson
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
RETRY = b"retry: 1000\n\n"
PING = b": ping\n\n"
#: A pause after an error of the database, in seconds; the listener's reconnection rings everyone anyway.
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Events in order; ``ended`` when the scan has ended and these are its last. An empty one is a sign of life."""

    events: tuple[StoredEvent, ...] = ()
    ended: bool = False
    status: str = ""


class Live:
    """What follows scans in this process. Enter it to listen; ``stop`` lets every stream end at once."""

    def __init__(self, dsn: str, sessions: Sessions) -> None:
        self._dsn = dsn
        self._sessions = sessions
        self._bells = Bells()
        self._looks: dict[tuple[UUID, int], asyncio.Future[Batch]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._listener = asyncio.create_task(listen(self._dsn, self._bells), name="listen")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    def stop(self) -> None:
        """End all streams, from any thread or signal handler: an open one would hold a server's shutdown."""
        self._stopping = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended, and every stream with it
                self._loop.call_soon_threadsafe(self._bells.ring_all)

    async def follow(self, scan_id: UUID, *, after: int = 0, ping: float = PING_SECONDS) -> AsyncIterator[Batch]:
        """Batches of events behind a number until the scan has ended; an empty one for every silence."""
        with self._bells.subscribe(topic_of(scan_id)) as bell:
            while not self._stopping:
                # cleared before looking: what is stored while we look rings again
                bell.clear()
                batch = await self._look(scan_id, after)
                if batch is None:
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                if batch.events:
                    after = batch.events[-1].seq
                if batch.events or batch.ended:
                    yield batch
                if batch.ended:
                    return
                if len(batch.events) == BATCH:
                    continue
                try:
                    await asyncio.wait_for(bell.wait(), ping)
                except TimeoutError:
                    yield Batch(status=batch.status)

    async def _look(self, scan_id: UUID, after: int) -> Batch | None:
        """One query for all readers at the same place; ``None`` while the database is away."""
        key = (scan_id, after)
        if (look := self._looks.get(key)) is None:
            look = asyncio.ensure_future(self._query(scan_id, after))
            self._looks[key] = look
            look.add_done_callback(lambda ended: self._forget(key, ended))
        try:
            return await asyncio.shield(look)
        except (DBAPIError, PoolTimeout) as error:
            log.warning("stream.database", error=type(error).__name__)
            return None

    def _forget(self, key: tuple[UUID, int], ended: asyncio.Future[Batch]) -> None:
        self._looks.pop(key, None)
        if not ended.cancelled():
            ended.exception()  # taken note of, also when every reader has left

    async def _query(self, scan_id: UUID, after: int) -> Batch:
        async with self._sessions() as session:
            # the state first: if it has ended, the events read after it are all there will be
            scan = await scans.find(session, scan_id)
            found = tuple(await events.after(session, scan_id, after, limit=BATCH))
        if scan is None:
            return Batch(ended=True)
        reached = found[-1].seq if found else after
        return Batch(events=found, ended=scan.status in scans.TERMINAL and reached >= scan.last_seq, status=scan.status)

    async def stream(
        self, scan_id: UUID, *, after: int = 0, render: Callable[[StoredEvent], str] | None = None
    ) -> AsyncIterator[bytes]:
        """Server-sent events of one scan: ``id`` is the event's number, ``event: done`` closes an ended scan's stream.

        ``render`` makes an event's text, JSON unless given; each of its lines becomes a ``data:`` of its own.
        """
        yield RETRY
        async for batch in self.follow(scan_id, after=after):
            for event in batch.events:
                yield frame(event.seq, render(event) if render else encode(event))
            if batch.ended:
                yield f'event: done\ndata: {{"status": "{batch.status}"}}\n\n'.encode()
            elif not batch.events:
                yield PING


def encode(event: StoredEvent) -> str:
    """An event as JSON on one line."""
    return orjson.dumps(asdict(event), option=orjson.OPT_UTC_Z).decode()


def frame(seq: int, text: str) -> bytes:
    """One server-sent message; a bare newline in its text would cut it."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return f"id: {seq}\n{lines}\n".encode()


def resume_point(last_event_id: str | None, after: int | None) -> int:
    """Where a reader goes on: the header that a reconnecting browser sends wins over what the address says."""
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 16:
        return int(last_event_id)
    return max(0, after or 0)
