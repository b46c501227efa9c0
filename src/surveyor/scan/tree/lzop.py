"""Decoder of what ``lzop`` and Linux write (lzop 1.04, ``lzop.c``; Linux, ``lib/decompress_unlzo.c``).

A header, then blocks of LZO1X, each behind its two sizes and its checksums; one that did not become smaller is stored.
Numbers are big endian.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats.lzo import decompress
from surveyor.scan.limits import MIB, Budget

MAGIC = b"\x89LZO\0\r\n\x1a\n"
_CHUNK = MIB
_BLOCK = 16 * MIB  # lzop writes 256 KiB unless told otherwise
_ENDS = (0, 0xFFFFFFFF)
_LEVELS = 0x940  # the version since which headers hold a level and a longer time
_METHODS = (1, 2, 3)  # all LZO1X
#: Flags: which checksums there are, of a block as it was and as it is packed, and what else is in the header.
_ADLER, _ADLER_PACKED, _EXTRA, _CRC, _CRC_PACKED, _FILTER = 1, 2, 0x40, 0x100, 0x200, 0x800


class _Feed:
    """The bytes from front to back."""

    def __init__(self, data: memoryview) -> None:
        self.position = 0
        self._data = data

    def at_magic(self) -> bool:
        return bytes(self._data[self.position : self.position + len(MAGIC)]) == MAGIC

    def take(self, count: int) -> memoryview:
        found = self._data[self.position : self.position + count]
        if len(found) < count:
            raise Malformed("lzop data is cut short")
        self.position += count
        return found

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "big")


def unlzop(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """File after file; anything else after the end is padding."""
    feed, produced = _Feed(data), 0
    while feed.at_magic():
        flags = _flags(feed)
        while (size := feed.number()) not in _ENDS:
            block = _block(feed, size, flags)
            for start in range(0, size, _CHUNK):
                chunk = block[start : start + _CHUNK]
                produced += len(chunk)
                budget.inflate(len(chunk), consumed=feed.position, total=produced)
                yield chunk


def _flags(feed: _Feed) -> int:
    """The flags of the header, with the feed behind it."""
    feed.take(len(MAGIC))
    later = feed.number(2) >= _LEVELS
    feed.take(4 if later else 2)  # the library's version, and the one that is needed
    method = feed.number(1)
    feed.take(1 if later else 0)
    flags = feed.number()
    if method not in _METHODS or flags & _FILTER:
        raise Unsupported("lzop data of another method than LZO1X, or through a filter, is not read")
    feed.take(12 if later else 8)  # mode and time
    feed.take(feed.number(1) + 4)  # name and checksum
    if flags & _EXTRA:
        feed.take(feed.number() + 4)
    return flags


def _block(feed: _Feed, size: int, flags: int) -> bytes:
    """One block of this size, held whole."""
    packed = feed.number()
    if size > _BLOCK:
        raise LimitExceeded(f"lzop data with a block of {size:,} bytes")
    if packed > size:
        raise Malformed("lzop data is damaged: a block is larger than what it holds")
    adler = feed.number() if flags & _ADLER else None
    crc = feed.number() if flags & _CRC else None
    if packed < size:
        feed.take(4 * (bool(flags & _ADLER_PACKED) + bool(flags & _CRC_PACKED)))
    data = feed.take(packed)
    block = bytes(data) if packed == size else decompress(data, size)
    sound = len(block) == size and adler in {None, zlib.adler32(block)} and crc in {None, zlib.crc32(block)}
    if not sound:
        raise Malformed("lzop data is damaged: a block is not what its size or checksum says")
    return block
