"""Sources of bytes for a walker: mapped ranges and inflated streams behind one small interface."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol, cast

from isal import isal_zlib

from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.entry import Blob, Buffer

BLOCK = 512
#: What isal raises; its stub calls the class an instance.
InflateError = cast("type[Exception]", isal_zlib.error)
_STEP = 512 << 10  # compressed bytes a step
_CHUNK = 2 * MIB  # inflated bytes at most held a step, whatever the ratio
_TRAILER = 2 * MIB  # read on after the end marker, so that a checksum at the end is verified
_WINDOW = 128 * MIB  # what zstd --ultra writes at most by default
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"LRZI": "lrzip", b"\x04\x22\x4d\x18": "lz4"}


class Source(Protocol):
    """Bytes read from front to back, with a look at what comes next."""

    mapped: bool
    position: int

    def block(self) -> bytes:
        """The next 512 bytes, fewer at the end."""

    def peek(self, count: int) -> memoryview:
        """The next bytes without moving on, fewer when there are not so many."""

    def skip(self, count: int) -> int:
        """Move on; returns how many of these bytes were missing."""

    def finish(self) -> None:
        """Read a little past the end, so that damage there is seen."""


class Mapped:
    """A range of a mapped file or of bytes in memory: nothing is copied, ``position`` is an offset in it."""

    __slots__ = ("_buffer", "_end", "_view", "position")
    mapped = True

    def __init__(self, buffer: Buffer, start: int, end: int) -> None:
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._end = min(end, len(buffer))
        self.position = start

    def block(self) -> bytes:
        """The next 512 bytes, fewer at the end."""
        start = self.position
        stop = start + BLOCK
        if stop > self._end:
            stop = max(start, self._end)
        self.position = stop
        return self._buffer[start:stop]

    def peek(self, count: int) -> memoryview:
        """The next bytes without moving on."""
        return self._view[self.position : min(self.position + count, self._end)]

    def skip(self, count: int) -> int:
        """Move on; returns how many of these bytes were missing."""
        self.position += count
        missing = self.position - self._end
        if missing <= 0:
            return 0
        self.position = self._end
        return missing

    def finish(self) -> None:
        """Nothing to verify."""


class Inflated:
    """A stream of chunks, of which one at a time is held, or as many as a wanted file needs."""

    __slots__ = ("_buffer", "_chunks", "position")
    mapped = False

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer: bytes | bytearray = b""
        self.position = 0

    def block(self) -> bytes:
        """The next 512 bytes, fewer at the end."""
        start = self.position
        if start + BLOCK > len(self._buffer):
            self._fill(BLOCK)
            start = 0
        found = self._buffer[start : start + BLOCK]
        self.position = start + len(found)
        return bytes(found)

    def peek(self, count: int) -> memoryview:
        """The next bytes without moving on."""
        if self.position + count > len(self._buffer):
            self._fill(count)
        return memoryview(self._buffer)[self.position : self.position + count]

    def skip(self, count: int) -> int:
        """Move on; returns how many of these bytes were missing."""
        there = len(self._buffer) - self.position
        if count <= there:
            self.position += count
            return 0
        count -= there
        for chunk in self._chunks:
            if count <= len(chunk):
                self._buffer, self.position = chunk, count
                return 0
            count -= len(chunk)
        self._buffer, self.position = b"", 0
        return count

    def finish(self) -> None:
        """Read a little past the end, so that a wrong checksum there is seen."""
        read = 0
        for chunk in self._chunks:
            read += len(chunk)
            if read > _TRAILER:
                return

    def _fill(self, count: int) -> None:
        held = bytearray(memoryview(self._buffer)[self.position :])
        self._buffer, self.position = b"", 0
        while len(held) < count:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            held += chunk
        self._buffer = held


def form_of(head: bytes) -> str:
    """``gzip``, ``zstd`` or ``plain`` by the first bytes, whatever a media type says."""
    if head.startswith(_GZIP):
        return "gzip"
    # a zstd stream may begin with a skippable frame, as zstd:chunked does
    if head.startswith(_ZSTD) or (head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F):
        return "zstd"
    for magic, name in _OTHERS.items():
        if head.startswith(magic):
            raise Unsupported(f"data compressed with {name} is not read yet")
    return "plain"


def inflate(blob: Blob, form: str, budget: Budget) -> Iterator[bytes]:
    """The chunks of a gzip or zstd range, at most 2 MiB each; raises when the data is damaged or cut short."""
    return _gunzip(blob.view(), budget) if form == "gzip" else _unzstd(blob.view(), budget)


def source_of(blob: Blob, budget: Budget) -> Source:
    """The bytes of a range as a walker wants them, inflated when they have to be."""
    form = form_of(blob.head(16))
    if form == "plain":
        return Mapped(blob.buffer, blob.start, blob.end)
    return Inflated(inflate(blob, form, budget))


def content_digest(blob: Blob, budget: Budget) -> str:
    """``sha256:<hex>`` of the bytes of a range, or of what they inflate to."""
    form, digest = form_of(blob.head(16)), hashlib.sha256()
    for chunk in _steps(blob.view(), budget) if form == "plain" else inflate(blob, form, budget):
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def _steps(data: memoryview, budget: Budget) -> Iterator[memoryview]:
    for start in range(0, len(data), _CHUNK):
        budget.check_time()
        yield data[start : start + _CHUNK]


def _gunzip(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Member after member (RFC 1952); the checksum is ours, so that bytes before a wrong one are not lost with it."""
    position = produced = 0
    while True:
        position = _member(data, position)
        inflater, check = isal_zlib.decompressobj(-15), 0
        while not inflater.eof:
            step: memoryview | bytes = inflater.unconsumed_tail
            if not step:
                step = data[position : position + _STEP]
                position += len(step)
            if not step:
                raise Malformed("gzip data is cut short")
            try:
                chunk = inflater.decompress(step, _CHUNK)
            except InflateError as error:
                raise Malformed(f"gzip data is damaged: {error}") from error
            produced += len(chunk)
            budget.inflate(len(chunk), consumed=position, total=produced)
            check = isal_zlib.crc32(chunk, check)
            if chunk:
                yield chunk
        position -= len(inflater.unused_data)
        if bytes(data[position : position + 4]) != check.to_bytes(4, "little"):
            raise Malformed("gzip data is damaged: wrong checksum")
        position += 8
        # another member may follow (pigz, eStargz); anything else after the end is padding
        if bytes(data[position : position + 2]) != _GZIP:
            return


def _member(data: memoryview, start: int) -> int:
    """Where the deflate data of the gzip member at ``start`` begins."""
    position = start + 10
    flags = data[start + 3] if position <= len(data) else 0
    if flags & 4:
        position += 2 + int.from_bytes(data[position : position + 2], "little")
    for flag in (8, 16):  # name, comment: each ends with a zero byte
        if flags & flag:
            end = bytes(data[position : position + _STEP]).find(b"\0")
            if end < 0:
                raise Malformed("gzip header is damaged")
            position += end + 1
    position += 2 if flags & 2 else 0
    if position >= len(data):
        raise Malformed("gzip data is cut short")
    return position


class _Feed:
    """Compressed bytes in steps, counted, for a reader that asks for them."""

    __slots__ = ("_data", "position")

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.position = 0

    def read(self, count: int) -> bytes:
        step = bytes(self._data[self.position : self.position + count])
        self.position += len(step)
        return step


def _unzstd(data: memoryview, budget: Budget) -> Iterator[bytes]:
    import zstandard  # costs 10 ms, and most artifacts hold none

    feed = _Feed(data)
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
        feed,  # type: ignore[arg-type]  # the stub wants IO[bytes]; only read() is called
        read_size=_STEP,
        read_across_frames=True,
    )
    produced = 0
    while True:
        try:
            chunk = reader.read(_CHUNK)
        except zstandard.ZstdError as error:
            raise Malformed(f"zstd data is damaged: {error}") from error
        if not chunk:
            return
        produced += len(chunk)
        budget.inflate(len(chunk), consumed=feed.position, total=produced)
        yield chunk
