"""Decoders of compressed streams: each makes bounded chunks of a range of bytes, and keeps what comes before damage.

gzip (RFC 1952), zstd (RFC 8878), bzip2, xz (the .xz file format 1.2), lzma-alone and lzip (RFC draft, lzip 6), lz4
frames (LZ4 frame format 1.6.4, with its older "legacy" form), pbzx; lzop and compress are read in files of their own.
Streams that follow each other are one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from isal import igzip_lib, isal_zlib

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.lzop import unlzop
from surveyor.scan.tree.lzw import uncompress

#: Inflated bytes at most held a step, whatever the ratio.
CHUNK = MIB
#: What isal raises; its stub calls the class an instance.
InflateError = cast("type[Exception]", isal_zlib.error)
_STEP = 256 << 10  # compressed bytes a step
_WINDOW = 128 * MIB  # what zstd --ultra writes at most by default
_MEMORY = _WINDOW + 16 * MIB  # the same for a dictionary of xz, with what its decoder needs besides
_GZIP, _GZIP_TRAILER = b"\x1f\x8b", 8
_XZ = b"\xfd7zXZ\0"
_ZSTD, _ZSTD_SKIPPED = 0xFD2FB528, 0x184D2A50
_LZIP, _LZIP_TRAILER = b"LZIP\1", 20
_LZ4, _LZ4_LEGACY, _LZ4_SKIPPED = b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18", b"\x2a\x4d\x18"
_LEGACY_BLOCK = 8 * MIB
_CAREFUL = 512  # bytes a step where damage is near: less than a block of a tar


def gunzip(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Member after member (RFC 1952); the checksum is ours, so that bytes before a wrong one are not lost with it."""
    stream = _Stream(data, budget, "gzip", igzip_lib.IgzipDecompressor, InflateError)
    while True:
        stream.position, check = _member(data, stream.position), 0
        for chunk in stream.one():
            check = isal_zlib.crc32(chunk, check)
            yield chunk
        if stream.take(_GZIP_TRAILER)[:4] != check.to_bytes(4, "little"):
            raise Malformed("gzip data is damaged: wrong checksum")
        # another member may follow (pigz, eStargz); anything else after the end is padding
        if not stream.at(_GZIP):
            return


def undeflate(data: memoryview, budget: Budget, step: int) -> Iterator[bytes]:
    """The one stream of bare deflate data (RFC 1951), in chunks of at most ``step`` bytes."""
    return _Stream(data, budget, "deflate", igzip_lib.IgzipDecompressor, InflateError).one(step)


def undeflate64(data: memoryview, budget: Budget, step: int) -> Iterator[bytes]:
    """The one stream of deflate64, in chunks of about ``step`` bytes."""
    from surveyor.scan.tree.deflate64 import Deflate64  # as rare as it is dear to import

    return _Stream(data, budget, "deflate64", Deflate64, ValueError).one(step)


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


def unzstd(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Frame after frame, skippable ones between them (RFC 8878)."""
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
            chunk = reader.read(CHUNK)
        except zstandard.ZstdError as error:
            raise Malformed(f"zstd data is damaged: {error}") from error
        if not chunk:
            break
        produced += len(chunk)
        budget.inflate(len(chunk), consumed=feed.position, total=produced)
        yield chunk
    # the library takes the end of the data for the end of a frame
    if not _frames_end(data, budget):
        raise Malformed("zstd data is cut short")


def _frames_end(data: memoryview, budget: Budget) -> bool:
    """Whether the last frame ends where the data does, by the sizes of its blocks (RFC 8878, section 3.1)."""
    position, length = 0, len(data)
    while position + 8 <= length:
        budget.check_time()
        magic = int.from_bytes(data[position : position + 4], "little")
        if magic & 0xFFFFFFF0 == _ZSTD_SKIPPED:
            position += 8 + int.from_bytes(data[position + 4 : position + 8], "little")
        elif magic == _ZSTD:
            position = _frame_end(data, position + 4)
        else:
            return True  # something else follows, which the library has judged
    return position == length


def _frame_end(data: memoryview, position: int) -> int:
    """Where the frame ends whose descriptor is at the position; beyond the data when it is cut."""
    descriptor, length = data[position], len(data)
    single = descriptor >> 5 & 1
    position += 2 - single + (0, 1, 2, 4)[descriptor & 3] + (single, 2, 4, 8)[descriptor >> 6]
    last = 0
    while not last and position + 3 <= length:
        header = int.from_bytes(data[position : position + 3], "little")
        last = header & 1
        position += 3 + (1 if header >> 1 & 3 == 1 else header >> 3)
    return position + 4 * (descriptor >> 2 & 1) if last else length + 1


class _Decoder(Protocol):
    """What the decoders of deflate, bzip2, lzma and lz4 have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    def decompress(self, data: memoryview | bytes, max_length: int, /) -> bytes: ...


class _Stream:
    """One pass over a range that holds streams of one format; ``position`` is that of the bytes not yet taken.

    ``head`` stands before the first of them.
    """

    def __init__(
        self,
        data: memoryview,
        budget: Budget,
        name: str,
        make: Callable[[], _Decoder],
        error: type[Exception] | tuple[type[Exception], ...],
        head: bytes = b"",
    ) -> None:
        self.position = 0
        self.length = len(data)
        self._data = data
        self._budget = budget
        self._name = name
        self._make = make
        self._error = error
        self._head = head
        self._produced = 0

    def at(self, magic: bytes) -> bool:
        """Whether the bytes that come next are these."""
        return bytes(self._data[self.position : self.position + len(magic)]) == magic

    def take(self, count: int) -> bytes:
        """The next bytes, all of them."""
        found = bytes(self._data[self.position : self.position + count])
        if len(found) < count:
            raise Malformed(f"{self._name} data is cut short")
        self.position += count
        return found

    def one(self, most: int = CHUNK) -> Iterator[bytes]:
        """The chunks of the stream at the position, which is then right behind it."""
        start, decoder, given = self.position, self._make(), 0
        while not decoder.eof:
            step = self._step(decoder)
            try:
                chunk = decoder.decompress(step, most)
            except self._error as error:
                if "Memory usage limit" in str(error):
                    raise LimitExceeded(f"{self._name} data needs more than {_MEMORY:,} bytes of memory") from error
                yield from self._before_damage(start, given)
                raise Malformed(f"{self._name} data is damaged: {error}") from error
            given += len(chunk)
            self.count(len(chunk))
            if chunk:
                yield chunk
        self.position -= len(decoder.unused_data or b"")

    def count(self, produced: int) -> None:
        """Count bytes that were made."""
        self._produced += produced
        self._budget.inflate(produced, consumed=self.position, total=self._produced)

    def _step(self, decoder: _Decoder) -> memoryview | bytes:
        if not decoder.needs_input:
            return b""
        step = self._data[self.position : self.position + _STEP]
        if not step:
            raise Malformed(f"{self._name} data is cut short")
        head = b"" if self.position else self._head
        self.position += len(step)
        return head + bytes(step) if head else step

    def _before_damage(self, start: int, given: int) -> Iterator[bytes]:
        """What a decoder made in the call that failed, which it does not hand out: decoded again, in small steps."""
        self.position, decoder, done = start, self._make(), 0
        while True:
            self._budget.check_time()
            try:
                chunk = decoder.decompress(self._step(decoder), min(CHUNK, max(0, given - done)) or _CAREFUL)
            except self._error:
                return
            if done >= given and chunk:
                self.count(len(chunk))
                yield chunk
            done += len(chunk)


def bunzip2(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Stream after stream, as pbzip2 writes them; anything else after the end is padding."""
    import bz2

    stream = _Stream(data, budget, "bzip2", bz2.BZ2Decompressor, (OSError, ValueError))
    yield from stream.one()
    while stream.at(b"BZh"):
        yield from stream.one()


def unxz(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Stream after stream, with padding of zero bytes between them (the .xz file format 1.2, section 2.2)."""
    import lzma

    def make() -> _Decoder:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    stream = _Stream(data, budget, "xz", make, lzma.LZMAError)
    yield from stream.one()
    while True:
        while stream.at(bytes(4)):
            stream.position += 4
        if not stream.at(_XZ):
            return
        yield from stream.one()


def unlzma(data: memoryview, budget: Budget, head: bytes = b"") -> Iterator[bytes]:
    """The one stream of a file of the LZMA utilities, whose header may lie elsewhere; what follows it is nobody's."""
    import lzma

    def make() -> _Decoder:
        return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY)

    yield from _Stream(data, budget, "lzma", make, lzma.LZMAError, head).one()


def unlzip(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Member after member: magic, one byte for the dictionary's size, LZMA with its end marker, CRC and two sizes."""
    import lzma

    def make() -> _Decoder:
        base = 1 << (coded & 0x1F)
        size = base - (base >> 4) * (coded >> 5)
        if not 1 << 12 <= size <= _WINDOW:
            raise LimitExceeded(f"lzip data with a dictionary of {size:,} bytes")
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": 3, "lp": 0, "pb": 2}]
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)

    stream = _Stream(data, budget, "lzip", make, lzma.LZMAError)
    while True:
        coded, check = stream.take(len(_LZIP) + 1)[-1], 0
        for chunk in stream.one():
            check = zlib.crc32(chunk, check)
            yield chunk
        if stream.take(_LZIP_TRAILER)[:4] != check.to_bytes(4, "little"):
            raise Malformed("lzip data is damaged: wrong checksum")
        if not stream.at(_LZIP):
            return


def unlz4(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Frame after frame, skippable and legacy ones too; anything else after the end is padding."""
    import lz4.frame

    stream = _Stream(data, budget, "lz4", lz4.frame.LZ4FrameDecompressor, (RuntimeError, ValueError))
    while True:
        if stream.at(_LZ4):
            yield from stream.one()
        elif stream.at(_LZ4_LEGACY):
            yield from _legacy(stream)
        elif bytes(data[stream.position + 1 : stream.position + 4]) == _LZ4_SKIPPED:
            budget.check_time()
            stream.position += 4
            stream.position += int.from_bytes(stream.take(4), "little")
        else:
            return


def _legacy(stream: _Stream) -> Iterator[bytes]:
    """Blocks of 8 MiB without checksums, as ``lz4 -l`` and Linux write them; no end is marked."""
    import lz4.block

    stream.take(len(_LZ4_LEGACY))
    while stream.position + 4 <= stream.length and not stream.at(_LZ4) and not stream.at(_LZ4_LEGACY):
        size = int.from_bytes(stream.take(4), "little")
        if not 0 < size <= _LEGACY_BLOCK + _LEGACY_BLOCK // 255 + 16:
            return  # a kernel image has the size of what it holds behind the last block
        try:
            block = lz4.block.decompress(stream.take(size), uncompressed_size=_LEGACY_BLOCK)
        except lz4.block.LZ4BlockError as error:
            raise Malformed(f"lz4 data is damaged: {error}") from error
        for start in range(0, len(block), CHUNK):
            chunk = block[start : start + CHUNK]
            stream.count(len(chunk))
            yield chunk


def unpbzx(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Chunks of xz, or stored ones, until one is smaller than the head says that all are: Apple's installer payloads.

    Not published; read as macOS writes it. Numbers are big endian and of 64 bits: behind the magic the size of chunks,
    before each chunk its size inflated and as it is.
    """
    size = full = int.from_bytes(data[4:12], "big")
    position, produced = 12, 0
    while size == full and position < len(data):
        head = data[position : position + 16]
        size, length = int.from_bytes(head[:8], "big"), int.from_bytes(head[8:], "big")
        chunk = data[position + 16 : position + 16 + length]
        packed = bytes(chunk[: len(_XZ)]) == _XZ
        for step in unxz(chunk, budget) if packed else _steps(chunk):
            produced += len(step)
            budget.inflate(0 if packed else len(step), consumed=position + len(chunk), total=produced)
            yield step
        if len(head) < 16 or len(chunk) < length:
            raise Malformed("pbzx data is cut short")
        position += 16 + length


def _steps(data: memoryview) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield bytes(data[start : start + CHUNK])


#: By the name of a form.
DECODERS: dict[str, Callable[[memoryview, Budget], Iterator[bytes]]] = {
    "gzip": gunzip,
    "zstd": unzstd,
    "bzip2": bunzip2,
    "xz": unxz,
    "lzma": unlzma,
    "lzip": unlzip,
    "lz4": unlz4,
    "lzop": unlzop,
    "pbzx": unpbzx,
    "compress": uncompress,
}
