"""The one way out of a browser: a proxy on loopback that judges like the fetcher and knows what the page asked for.

HTTP/1.1 (RFC 9110 §7.3, §9.3.6): ``CONNECT`` and requests in absolute form. The browser resolves no name and opens no
connection but to here. A connection is made only to an origin that was announced, which is what the browser's protocol
says the page asks for; what Chromium would ask for itself is refused. Each name is resolved once for a connection,
every answer judged, and the judged address connected to. Why something is not connected is never told to the page.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit
from weakref import WeakSet

import h11
from ssrfguard import Address, Resolver

from surveyor.scan.errors import LimitExceeded, Malformed, Refused, ScanError, Unconnected, Unreachable
from surveyor.scan.net import guard
from surveyor.scan.patterns import regex
from surveyor.scan.settings import Settings

#: The rule by which what the browser wants for itself is refused.
NOT_ASKED = "not_asked"

_HEAD_BYTES = 64 << 10
_HEAD_SECONDS = 10.0
_LOOKUP_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_ADDRESSES = 4
#: How long an origin may be unannounced: the announcement and the connection come by two ways.
_PATIENCE = 1.5
_READ = 1 << 16
#: Connections at once, connections in all, and look-ups at once: each look-up takes two threads.
_AT_ONCE, _IN_ALL, _LOOKUPS = 64, 2_000, 4
_REFUSALS = 200
#: Rounds of ending: what was accepted in the last moment begins in the next ones.
_ENDINGS = 4
_TUNNEL = regex(r"[^\s/?#@\\]{1,300}:[0-9]{1,5}")
_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade"})


@dataclass(slots=True)
class Traffic:
    """What went through: connections, bytes to the browser, whether a bound cut it, and by origin who was refused."""

    connections: int = 0
    received: int = 0
    cut: bool = False
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def refused_of_page(self) -> dict[str, str]:
        """The same without what the browser wanted for itself."""
        return {origin: rule for origin, rule in self.refused.items() if rule != NOT_ASKED}

    def refuse(self, origin: str, rule: str) -> None:
        """Remember a refusal, as many as are worth telling."""
        if len(self.refused) < _REFUSALS:
            self.refused[origin] = rule


def origin_of(url: str) -> str | None:
    """``host:port`` of what a browser asks by http, https, ws or wss; nothing for other URLs."""
    try:
        split = urlsplit(url)
        port = split.port or {"http": 80, "ws": 80, "https": 443, "wss": 443}.get(split.scheme)
    except ValueError:
        return None
    return f"{split.hostname}:{port}" if split.hostname and port else None


class Proxy:
    """Serves one browser from its own thread until it is closed.

    ``seconds`` is how long it serves at all, ``max_bytes`` what all answers together may have on the wire.
    """

    def __init__(self, settings: Settings, *, seconds: float, max_bytes: int, resolver: Resolver | None = None) -> None:
        self._settings = settings
        self._end = time.monotonic() + seconds
        self._max_bytes = max_bytes
        self._resolver = resolver
        self._announced: set[str] = set()
        self._changed = asyncio.Event()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="proxy-lookup")
        self._tasks: set[asyncio.Task[None]] = set()
        self._transports: WeakSet[asyncio.WriteTransport] = WeakSet()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.traffic = Traffic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        # a look-up that hangs ends by its own deadline
        self._pool.shutdown(wait=False, cancel_futures=True)

    def announce(self, url: str) -> None:
        """The page asks for this URL; from any thread."""
        if (origin := origin_of(url)) and origin not in self._announced:
            self._loop.call_soon_threadsafe(self._note, origin)

    def _note(self, origin: str) -> None:
        self._announced.add(origin)
        self._changed.set()
        self._changed = asyncio.Event()

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            asyncio.start_server(self._accept, sock=self._listener, limit=_HEAD_BYTES, backlog=_AT_ONCE)
        )
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._end_all())
            server.close()
            loop.close()

    async def _end_all(self) -> None:
        """End every connection: also those just accepted, which begin meanwhile, and those that nobody reads from.

        The server is closed after them: asyncio loses the socket of a connection that begins in a closed one.
        """
        self._loop.remove_reader(self._listener)
        await asyncio.sleep(0)
        for _ in range(_ENDINGS):
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for transport in list(self._transports):
                _abort(transport)
            await asyncio.sleep(0)  # sockets are closed a turn after they are said to be

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._transports.add(writer.transport)
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the browser: whatever goes wrong, it is closed without a word about why."""
        try:
            async with self._room, asyncio.timeout(max(0.0, self._end - time.monotonic())):
                await self._relay(reader, writer)
        except (ScanError, OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass
        finally:
            _abort(writer.transport) if writer.is_closing() else writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.traffic.connections += 1
        if self.traffic.connections > _IN_ALL or self.traffic.cut:
            self.traffic.cut = True
            raise LimitExceeded("the page makes too many connections")
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        url, first, answer = _understood(head)
        origin = origin_of(url) or url[:300]
        try:
            sock = await self._connected(url, origin)
        except Refused as error:
            self.traffic.refuse(origin, error.rule)
            raise
        upward, downward = await asyncio.open_connection(sock=sock)
        self._transports.add(downward.transport)
        try:
            writer.write(answer)
            downward.write(first)
            await self._both_ways((reader, downward), (upward, writer))
        finally:
            downward.close()

    async def _connected(self, url: str, origin: str) -> socket.socket:
        await self._wait_for(origin)
        asked = guard.origin(url, self._settings)
        answers = await self._loop.run_in_executor(
            self._pool, lambda: guard.addresses(asked, seconds=_LOOKUP_SECONDS, resolver=self._resolver)
        )
        for address in answers[:_ADDRESSES]:
            with contextlib.suppress(OSError):
                return await self._to(address, asked.target.port, _CONNECT_SECONDS / min(len(answers), _ADDRESSES))
        raise Unconnected(f"{origin}: no connection could be made")

    async def _to(self, address: Address, port: int, seconds: float) -> socket.socket:
        """A connection to a judged address, which is a literal: nothing is resolved here."""
        sock = socket.socket(socket.AF_INET6 if address.ip.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            async with asyncio.timeout(seconds):
                await self._loop.sock_connect(sock, (str(address.ip), port))
        except BaseException:
            sock.close()
            raise
        return sock

    async def _wait_for(self, origin: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while origin not in self._announced:
                    await self._changed.wait()
        if origin not in self._announced:
            raise Refused(f"{origin} is nothing that the page asked for", rule=NOT_ASKED)

    async def _both_ways(
        self,
        up: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        down: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Carry bytes until one side ends; what a side sent before it ended still arrives."""
        tasks = [asyncio.ensure_future(_carry(*up, _ignored)), asyncio.ensure_future(_carry(*down, self._count))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _count(self, count: int) -> None:
        self.traffic.received += count
        if self.traffic.received > self._max_bytes:
            self.traffic.cut = True
            raise LimitExceeded(f"the page loads more than {self._max_bytes:,} bytes")


def _abort(transport: asyncio.WriteTransport) -> None:
    """End a connection that may have ended: asyncio fails on one that ended by itself when its last bytes were sent."""
    if transport.get_extra_info("socket").fileno() >= 0:
        transport.abort()


def _ignored(_: int) -> None:
    """What the page sends is its own small requests; the deadline bounds it."""


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Callable[[int], None]) -> None:
    while data := await reader.read(_READ):
        count(len(data))
        writer.write(data)
        await writer.drain()


def _understood(head: bytes) -> tuple[str, bytes, bytes]:
    """The URL that a request is for, what its server is sent first, and what the browser is answered first."""
    peer = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)
    peer.receive_data(head)
    try:
        request = peer.next_event()
    except h11.RemoteProtocolError:
        raise Malformed("not a request to a proxy") from None
    if not isinstance(request, h11.Request):
        raise Malformed("not a request to a proxy")
    target = request.target.decode("ascii", "replace")
    if request.method == b"CONNECT":
        if not _TUNNEL.fullmatch(target):
            raise Malformed("a tunnel to something that is no host and port")
        return f"https://{target}/", b"", b"HTTP/1.1 200 Connected\r\n\r\n"
    if not target.startswith("http://"):
        raise Malformed("a request that does not say to whom")
    _, slash, path = target.removeprefix("http://").partition("/")
    if not slash:
        raise Unreachable("a request without a path")
    kept = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in _HOP_BY_HOP]
    # one request for each connection: a second one would not be judged
    lines = b"".join(b"%s: %s\r\n" % line for line in [*kept, (b"Connection", b"close")])
    return target, b"%s /%s HTTP/1.1\r\n%s\r\n" % (request.method, path.encode("ascii"), lines), b""
