"""Starts one scanner child, follows its progress file, and says how it ended.

The child reads hostile bytes: it gets an environment without secrets, its lines are judged before they count as
events, and it can be killed with all that it started at any time. A byte in its bell pipe says that there is a line to
read, and its process's end is a descriptor too, so nothing polls.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import orjson

from surveyor.scan import entry
from surveyor.service.store.events import NewEvent

LINE_BYTES = 64 << 10
BATCH_BYTES = 1 << 20
BATCH_EVENTS = 500
#: What one child may say before the rest is dropped, and said to be.
EVENT_LIMIT = 20_000
FILE_BYTES = 64 << 20
COLLECT_SECONDS = 0.03
KILL_AFTER_SECONDS = 1.0
_DETAIL, _STAGE, _TEXT = 2_000, 100, 4_000
#: What a fork server may know of our environment: no keys, no database URL.
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
)
_LEVELS = frozenset({"debug", "info", "warn", "error"})
_LOST = 255
_CLOCK_SECONDS = 86_400
_PR_SET_DUMPABLE = 4

_environment = threading.Lock()
#: Starting a process asks every other one whether it has ended, and how one ended can be read once: of two threads that
#: ask at the same time, the second is told that the fork server died.
_asking = threading.Lock()
Deliver = Callable[[Sequence[NewEvent], int], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended: ``reason`` is ``None`` when it did its work, else a stable code with a sentence for people."""

    reason: str | None = None
    detail: str = ""


STOPPED = Ended(reason="superseded", detail="another worker has taken this scan over")


def harden() -> None:
    """Keep children of our own user from reading this process's memory; it holds the database. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def warm_up() -> None:
    """Start the fork server, scanner loaded, with an environment that holds no secret; cheap when it runs already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(entry.PRELOAD)
    with _bare_environment():
        forkserver.ensure_running()


@contextlib.contextmanager
def _bare_environment() -> Iterator[None]:
    # the server inherits what is there when it starts, for life, and every child can read it
    with _environment:
        held = dict(os.environ)
        for name in held:
            if name not in _KEPT and not name.startswith("LC_"):
                del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(held)


@dataclass(slots=True)
class Tail:
    """Reads whole lines of a progress file from a byte offset and judges them."""

    path: Path
    offset: int = 0
    events: int = 0
    _descriptor: int | None = None
    _silenced: bool = False

    def read(self) -> tuple[list[NewEvent], int]:
        """The events of the next lines and the offset behind them; nothing new gives no events and the same offset.

        At most 1 MiB and 500 lines at a time; a line longer than 64 KiB is skipped and said to be.
        """
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                return [], self.offset
        chunk = os.pread(self._descriptor, BATCH_BYTES, self.offset)
        found: list[NewEvent] = []
        position = 0
        while len(found) < BATCH_EVENTS and (end := chunk.find(b"\n", position)) >= 0:
            found += self._judge(chunk[position:end])
            position = end + 1
        if not position and len(chunk) > LINE_BYTES:
            # no end in sight: skip what is there; what follows up to the next newline will not be JSON
            position = len(chunk)
            found += self._judge(b"")
        self.offset += position
        return found, self.offset

    def _judge(self, line: bytes) -> list[NewEvent]:
        if self._silenced:
            return []
        self.events += 1
        if self.events > EVENT_LIMIT:
            self._silenced = True
            return [_own("scan.events.warn", f"more than {EVENT_LIMIT:,} events; the rest is not kept")]
        return [parse(line)]

    def too_long(self) -> bool:
        """Whether the file has outgrown what any honest child writes."""
        return self._descriptor is not None and os.fstat(self._descriptor).st_size > FILE_BYTES

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def parse(line: bytes) -> NewEvent:
    """One line as an event; what is not one becomes an event that says so."""
    event = _parse(line) if 0 < len(line) <= LINE_BYTES else None
    return event or _own("scan.events.warn", f"a line of {len(line):,} bytes that is no event was dropped")


def _parse(line: bytes) -> NewEvent | None:
    try:
        raw = orjson.loads(line)
        ts = datetime.fromisoformat(raw["ts"])
        off = abs((ts - datetime.now(UTC)).total_seconds())
        stage, detail, level, pct = raw["stage"], raw["detail"], raw.get("level", "info"), raw.get("pct")
        data = raw.get("data") or {}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    if not (isinstance(stage, str) and stage and isinstance(detail, str) and isinstance(data, dict)):
        return None
    if (
        not isinstance(level, str)
        or level not in _LEVELS
        or not (pct is None or (type(pct) is int and 0 <= pct <= 100))
    ):
        return None
    return NewEvent(
        # a date from nowhere would be one that not every reader can hold
        ts=ts if off < _CLOCK_SECONDS else datetime.now(UTC),
        stage=_text(stage, _STAGE),
        detail=_text(detail, _DETAIL),
        level=level,
        pct=pct,
        data=_shallow(data),
    )


def _shallow(data: dict[str, Any], depth: int = 3) -> dict[str, Any]:
    return {_text(key, _STAGE): _value(item, depth) for key, item in list(data.items())[:50]}


def _value(value: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return _text(value, _TEXT)
    if isinstance(value, dict):
        return _shallow(value, depth - 1) if depth else None
    if isinstance(value, list):
        return [_value(item, depth - 1) for item in value[:50]] if depth else None
    return value


def _text(value: str, limit: int) -> str:
    return value[:limit].replace("\0", "")


def _own(stage: str, detail: str) -> NewEvent:
    return NewEvent(ts=datetime.now(UTC), stage=stage, detail=detail, level="warn")


@dataclass(slots=True, kw_only=True)
class Child:
    """One scan in a child process. ``deliver`` stores events and the offset behind them; ``False`` from it means: stop.

    ``target`` is one of ``scan.entry``'s functions, called with ``task`` and the bell. ``seconds`` bounds the child's
    life by the clock on the wall, ``heartbeat`` is how long it may be silent before an empty delivery shows that
    somebody watches.
    """

    target: Callable[[Any, Connection], None]
    task: entry.Task
    deliver: Deliver
    seconds: float
    heartbeat: float = 5.0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> Ended:
        """Start the child, store what it says as it says it, return when it has ended; cancelled, it is killed."""
        loop = asyncio.get_running_loop()
        process, bell = await self._started(loop)
        loop.add_reader(process.sentinel, self._end, loop, process.sentinel)
        os.set_blocking(bell.fileno(), False)
        loop.add_reader(bell.fileno(), self._ring, loop, bell.fileno())
        tail = Tail(self.task.events)
        try:
            verdict = await self._follow(tail)
            return verdict or _verdict(await asyncio.to_thread(_exit_code, process))
        finally:
            tail.close()
            await asyncio.shield(self._clear(loop, process, bell))

    async def _started(self, loop: asyncio.AbstractEventLoop) -> tuple[ForkServerProcess, Connection]:
        starting = loop.run_in_executor(None, _start, self.target, self.task)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # the thread cannot be called back: what it starts has to be ended
            process, bell = await starting
            _signal(process, signal.SIGKILL)
            bell.close()
            raise

    async def _follow(self, tail: Tail) -> Ended | None:
        """Deliver until the child has ended (``None``) or has to be ended (why)."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.seconds
        while True:
            gone = self._gone.is_set()
            if not gone:
                await self._sleep(min(self.heartbeat, max(0.0, deadline - loop.time())))
            before = tail.offset
            found, offset = await asyncio.to_thread(tail.read)
            if gone and offset == before:
                return None
            if not await self.deliver(found, offset):
                return STOPPED
            if not gone and loop.time() >= deadline:
                return Ended(reason="timeout", detail=f"took more than {self.seconds:g} s")
            if tail.too_long():
                return Ended(reason="limit_exceeded", detail=f"wrote more than {FILE_BYTES >> 20} MiB of progress")
            if len(found) == BATCH_EVENTS or offset - before > BATCH_BYTES // 2:
                self._wake.set()

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            # not wait_for: it swallows a cancel that comes in the same moment as a ring
            async with asyncio.timeout(seconds):
                await self._wake.wait()
            if not self._gone.is_set():
                # a burst becomes one transaction and one notification
                await asyncio.sleep(COLLECT_SECONDS)
        self._wake.clear()

    def _ring(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        try:
            if not os.read(descriptor, 1 << 16):
                loop.remove_reader(descriptor)
        except BlockingIOError:
            return
        self._wake.set()

    def _end(self, loop: asyncio.AbstractEventLoop, sentinel: int) -> None:
        loop.remove_reader(sentinel)
        self._gone.set()
        self._wake.set()

    async def _clear(self, loop: asyncio.AbstractEventLoop, process: ForkServerProcess, bell: Connection) -> None:
        """Leave nothing running: ask, wait a moment, then kill the child's whole group."""
        if not self._gone.is_set():
            _signal(process, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILL_AFTER_SECONDS):
                    await self._gone.wait()
        # also after an ordinary end: a grandchild may be left, and a lost fork server reports children that still run
        _signal(process, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILL_AFTER_SECONDS):
                await self._gone.wait()
        loop.remove_reader(process.sentinel)
        loop.remove_reader(bell.fileno())
        bell.close()
        await asyncio.to_thread(_let_go, process)


def _start(target: Callable[[Any, Connection], None], task: object) -> tuple[ForkServerProcess, Connection]:
    context = multiprocessing.get_context("forkserver")
    warm_up()
    ours, theirs = context.Pipe(duplex=False)
    try:
        process = context.Process(target=target, args=(task, theirs), daemon=True)
        with _asking:
            process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


def _exit_code(process: ForkServerProcess) -> int | None:
    """How it ended; ``None`` while it has not."""
    with _asking:
        return process.exitcode


def _let_go(process: ForkServerProcess) -> None:
    """Free what is held of a process, if it has ended and nobody waits for a fork server that hangs."""
    if wait([process.sentinel], KILL_AFTER_SECONDS) and _asking.acquire(timeout=KILL_AFTER_SECONDS):
        try:
            if process.exitcode is not None:
                process.close()
        finally:
            _asking.release()


def _signal(process: ForkServerProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        # it has not made its own group yet, or nothing is left of it
        with contextlib.suppress(ProcessLookupError):
            if not wait([process.sentinel], 0):
                os.kill(process.pid, number)


def _verdict(code: int | None) -> Ended:
    """What an exit code means."""
    if code == 0:
        return Ended()
    if code == entry.EXIT_MEMORY:
        return Ended(reason="limit_exceeded", detail="out of the memory a scan may use")
    if code == -signal.SIGXCPU:
        return Ended(reason="limit_exceeded", detail="out of the processor time a scan may use")
    if code == -signal.SIGKILL:
        return Ended(
            reason="killed", detail="the scanner was killed: out of memory on this machine, or by its operator"
        )
    if code == _LOST:
        return Ended(reason="lost", detail="the scanner's fork server died, and the scan with it")
    if code is not None and code < 0:
        return Ended(reason="crashed", detail=f"the scanner crashed ({_name(-code)})")
    return Ended(reason="crashed", detail=f"the scanner ended with exit code {code}")


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
