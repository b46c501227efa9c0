"""Sources of bytes for a walker: mapped ranges and inflated streams behind one small interface."""

from __future__ import annotations

import hashlib
import mmap
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol, cast

from surveyor.scan.errors import LimitExceeded, ScanError, Unsupported
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.entry import Blob, Buffer
from surveyor.scan.tree.inflate import CHUNK, DECODERS

BLOCK = 512
#: Bytes of one file that are held in memory; a larger one is spooled.
HELD = 16 * MIB
_RATIO = 2.7  # what layers inflate to, for want of a better guess at how far one is
_TRAILER = 2 * MIB  # read on after the end marker, so that a checksum at the end is verified
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"LZIP\1": "lzip",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x89LZO\0\r\n\x1a\n": "lzop",
    b"pbzx": "pbzx",
    b"\x02\x21\x4c\x18": "lz4",  # the older frame, as Linux has it
    b"\x1f\x9d": "compress",
}
_OTHERS = {b"LRZI": "lrzip"}
_SIZE = 1 << 38  # of what lzma-alone may say it holds; XZ Utils draws the same line


class Source(Protocol):
    """Bytes read from front to back, with a look at what comes next.

    What is held from ``position`` until ``stop`` may be read there, and the position be moved on.
    """

    mapped: bool
    position: int

    @property
    def buffer(self) -> Buffer | bytearray | memoryview:
        """What is held of the bytes."""

    @property
    def stop(self) -> int:
        """Where that ends, or the range does."""

    @property
    def share(self) -> float:
        """How much of the bytes has passed, 0..1, as well as can be known."""

    def block(self) -> bytes:
        """The next 512 bytes, fewer at the end."""

    def peek(self, count: int) -> memoryview:
        """The next bytes without moving on, fewer when there are not so many."""

    def skip(self, count: int) -> int:
        """Move on; returns how many of these bytes were missing."""

    def place(self, size: int) -> Blob | None:
        """Where the next bytes lie, when they lie anywhere."""

    def finish(self) -> None:
        """Read a little past the end, so that damage there is seen."""


class Mapped:
    """A range of a mapped file or of bytes in memory: nothing is copied, ``position`` is an offset in it."""

    __slots__ = ("_start", "_view", "buffer", "position", "stop")
    mapped = True

    def __init__(self, buffer: Buffer, start: int, end: int) -> None:
        self.buffer = buffer
        self.position = self._start = start
        self.stop = min(end, len(buffer))
        self._view = memoryview(buffer)

    @property
    def share(self) -> float:
        """How much of the range has passed, 0..1."""
        return min(1.0, (self.position - self._start) / max(1, self.stop - self._start))

    def block(self) -> bytes:
        """The next 512 bytes, fewer at the end."""
        start = self.position
        stop = start + BLOCK
        if stop > self.stop:
            stop = max(start, self.stop)
        self.position = stop
        return self.buffer[start:stop]

    def peek(self, count: int) -> memoryview:
        """The next bytes without moving on."""
        return self._view[self.position : min(self.position + count, self.stop)]

    def skip(self, count: int) -> int:
        """Move on; returns how many of these bytes were missing."""
        self.position += count
        missing = self.position - self.stop
        if missing <= 0:
            return 0
        self.position = self.stop
        return missing

    def place(self, size: int) -> Blob | None:
        """The next bytes as a range of their own."""
        return Blob(buffer=self.buffer, start=self.position, end=self.position + size)

    def finish(self) -> None:
        """Nothing to verify."""


class Inflated:
    """A stream of chunks, of which one at a time is held, or as much of several as a wanted file needs.

    A file of more than 16 MiB goes to a spool: a mapped file without a name, which is no private memory. Where the
    spool has no room, that file cannot be had, and what follows it can.
    """

    __slots__ = ("_budget", "_chunks", "_expected", "_passed", "_rest", "buffer", "position")
    mapped = False

    def __init__(self, chunks: Iterator[bytes], budget: Budget, *, packed: int = 0) -> None:
        self._chunks = self._counted(chunks)
        self._passed, self._expected = 0, max(1.0, packed * _RATIO)
        self._budget = budget
        self.buffer: bytes | bytearray | memoryview | mmap.mmap = b""
        self._rest: memoryview | bytes = b""  # of the chunk whose beginning is the end of the buffer
        self.position = 0

    @property
    def stop(self) -> int:
        """Where what is held ends."""
        return len(self.buffer)

    @property
    def share(self) -> float:
        """How much has passed, 0..1, if the data shrinks as layers do."""
        return min(0.99, self._passed / self._expected)

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._passed += len(chunk)
            yield chunk

    def _next(self) -> bytes | memoryview:
        """What comes behind the buffer; nothing at the end."""
        rest, self._rest = self._rest, b""
        return rest or next(self._chunks, b"")

    def block(self) -> bytes:
        """The next 512 bytes, fewer at the end."""
        start = self.position
        self.position = stop = start + BLOCK
        found = bytes(self.buffer[start:stop])
        while len(found) < BLOCK:
            # no chunk is copied for a header that goes over its end
            self.buffer = chunk = self._next()
            self.position = min(BLOCK - len(found), len(chunk))
            if not chunk:
                break
            found += chunk[: self.position]
        return found

    def peek(self, count: int) -> memoryview:
        """The next bytes without moving on."""
        if self.position + count > len(self.buffer):
            self._fill(count)
        return memoryview(self.buffer)[self.position : self.position + count]

    def skip(self, count: int) -> int:
        """Move on; returns how many of these bytes were missing."""
        there = len(self.buffer) - self.position
        if count <= there:
            self.position += count
            return 0
        count -= there
        while chunk := self._next():
            if count <= len(chunk):
                self.buffer, self.position = chunk, count
                return 0
            count -= len(chunk)
        self.buffer, self.position = b"", 0
        return count

    def place(self, size: int) -> Blob | None:
        """Where the next bytes lie, when they are so many that they were spooled; nothing for what passes by."""
        if HELD < size <= self._budget.limits.spool_bytes:
            try:
                self.peek(size)
            except _Full:
                return None  # reading it says why
        # what follows a spooled file lies in the spool as far as its last chunk went
        if not isinstance(self.buffer, mmap.mmap) or self.position + size > len(self.buffer):
            return None
        return Blob(buffer=self.buffer, start=self.position, end=self.position + size)

    def finish(self) -> None:
        """Read a little past the end, so that a wrong checksum there is seen."""
        read = 0
        while chunk := self._next():
            read += len(chunk)
            if read > _TRAILER:
                return

    def _fill(self, count: int) -> None:
        held = memoryview(self.buffer)[self.position :]
        self.buffer, self.position = b"", 0
        if count > HELD:
            self._spool(held, count)
            return
        self.buffer = filled = bytearray(held)
        for chunk in self._until(count - len(held)):
            missing = count - len(filled)
            filled += chunk[:missing]
            self._rest = memoryview(chunk)[missing:]

    def _spool(self, held: memoryview, count: int) -> None:
        last: bytes | memoryview = held
        given = len(held)

        def chunks() -> Iterator[bytes | memoryview]:
            nonlocal last, given
            yield held
            for last in self._until(count - len(held)):
                given += len(last)
                yield last

        self.buffer, damage = spool(chunks(), self._budget)
        if damage:
            # what found no room comes next, so that whoever goes on is where he should be
            missing = given - len(self.buffer)
            self._rest = b"".join((last[len(last) - missing :], self._rest))
            raise damage

    def _until(self, count: int) -> Iterator[bytes | memoryview]:
        """Chunks until so many bytes have come, or no more do."""
        while count > 0 and (chunk := self._next()):
            count -= len(chunk)
            yield chunk


class _Full(LimitExceeded):
    """The spool has no room for more."""


def spool(chunks: Iterable[bytes | memoryview], budget: Budget) -> tuple[mmap.mmap | bytes, ScanError | None]:
    """The bytes of all chunks in a mapped file without a name, which is gone when nobody looks at it any more.

    Also why they are not all there, when they are damaged, more than the scan may spool, or more than the disk holds.
    """
    try:
        file = cast("BinaryIO", tempfile.TemporaryFile(prefix="surveyor-", buffering=0))  # noqa: SIM115 - it is below
    except OSError as error:
        return b"", _Full(f"cannot be spooled: {error.strerror or error}")
    damage: ScanError | None = None
    taken = written = 0
    with file:
        try:
            for chunk in chunks:
                allowed = budget.spool(len(chunk))
                taken += allowed
                written += _written(file, memoryview(chunk)[:allowed])
                if allowed < len(chunk):
                    limit = budget.limits.spool_bytes
                    raise _Full(f"inflates to more than the {limit:,} bytes that may be spooled")
        except ScanError as error:
            # a traceback would hold this frame, and with it the map, for as long as somebody remembers the error
            damage = error.with_traceback(None)
        except OSError as error:
            damage = _Full(f"cannot be spooled: {error.strerror or error}")
        budget.unspool(taken - written)
        if not written:
            return b"", damage
        found = mmap.mmap(file.fileno(), written, access=mmap.ACCESS_READ)
        weakref.finalize(found, budget.unspool, written)
        return found, damage


def _written(file: BinaryIO, data: memoryview) -> int:
    """Write all of it; returns how much that is."""
    left = data
    while left:
        left = left[file.write(left) :]
    return len(data)


def form_of(head: bytes) -> str:
    """What a stream is by its first 16 bytes: the name of a form of ``DECODERS``, or ``plain``.

    They decide, whatever a media type says; raises for what is compressed in a way that is not read.
    """
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    # a zstd stream may begin with a skippable frame, as zstd:chunked does
    if head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:
        return "zstd"
    if _is_lzma_alone(head):
        return "lzma"
    for magic, name in _OTHERS.items():
        if head.startswith(magic):
            raise Unsupported(f"data compressed with {name} is not read yet")
    return "plain"


def _is_lzma_alone(head: bytes) -> bool:
    """Properties as every writer sets them, a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that can be."""
    if len(head) < 13 or head[0] != 0x5D:
        return False
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    top = dictionary & -dictionary
    usual = dictionary >= 1 << 12 and dictionary in {top, top * 3}
    return usual and (size == (1 << 64) - 1 or 0 < size < _SIZE)


def inflate(blob: Blob, form: str, budget: Budget) -> Iterator[bytes]:
    """The chunks of a compressed range, at most 1 MiB each; raises when the data is damaged or cut short."""
    return DECODERS[form](blob.view(), budget)


def source_of(blob: Blob, budget: Budget) -> Source:
    """The bytes of a range as a walker wants them, inflated when they have to be."""
    form = form_of(blob.head(16))
    if form == "plain":
        return Mapped(blob.buffer, blob.start, blob.end)
    return Inflated(inflate(blob, form, budget), budget, packed=len(blob))


def content_digest(blob: Blob, budget: Budget) -> str:
    """``sha256:<hex>`` of the bytes of a range, or of what they inflate to."""
    digest = hashlib.sha256()
    for chunk in contents(blob.view(), budget):
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def contents(data: memoryview, budget: Budget) -> Iterator[bytes | memoryview]:
    """The chunks of these bytes, or of what they inflate to, at most 1 MiB each."""
    form = form_of(bytes(data[:16]))
    return _steps(data, budget) if form == "plain" else DECODERS[form](data, budget)


def _steps(data: memoryview, budget: Budget) -> Iterator[memoryview]:
    for start in range(0, len(data), CHUNK):
        budget.check_time()
        yield data[start : start + CHUNK]
