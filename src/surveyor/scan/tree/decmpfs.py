"""Files that Apple's filesystems keep compressed: by an attribute, large ones with a resource fork.

Not published as a format; read by Apple's open kernel sources (``bsd/sys/decmpfs.h``) and by what macOS writes. The
attribute ``com.apple.decmpfs`` holds magic, type and size (little endian), then for odd types the bytes themselves; for
even types they lie in the resource fork in blocks of 64 KiB, so that a look at the beginning costs one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from struct import Struct, unpack
from zlib import MAX_WBITS

from isal import isal_zlib

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats import lzfse, lzvn
from surveyor.scan.limits import Budget
from surveyor.scan.tree.content import Content
from surveyor.scan.tree.device import Device, exactly
from surveyor.scan.tree.inflate import InflateError

ATTRIBUTE = "com.apple.decmpfs"
_HEADER = Struct("<4sIQ")
_MAGIC = b"fpmc"
_BLOCK = 64 << 10
_INLINE = frozenset({1, 3, 7, 9, 11})
_FORKED = frozenset({4, 8, 10, 12})
_ZLIB, _LZVN, _LZFSE = frozenset({3, 4}), frozenset({7, 8}), frozenset({11, 12})
_ELSEWHERE = 5
_MAX_PACKED = 2 * _BLOCK


class Packed:
    """A compressed file: as many bytes as its attribute claims, inflated when they are asked for."""

    def __init__(self, attribute: memoryview, resource: Device | None, budget: Budget) -> None:
        if len(attribute) < _HEADER.size:
            raise Malformed("compressed file has a damaged attribute")
        magic, self._type, self._size = _HEADER.unpack_from(attribute)
        if magic != _MAGIC:
            raise Malformed("compressed file has a damaged attribute")
        self._inline = attribute[_HEADER.size :]
        self._resource = resource
        self._budget = budget

    def content(self) -> Content:
        """The file as a walk gives it."""
        return Content(size=self._size, chunks=self._chunks)

    def _chunks(self, count: int) -> Iterator[bytes]:
        """The first bytes; what lies in the attribute comes at once, and may not be more than one file may have."""
        if self._type == _ELSEWHERE:
            raise Unsupported("the bytes of this file are kept outside its filesystem")
        if self._type in _INLINE:
            if count > self._budget.limits.file_bytes:
                raise LimitExceeded(f"compressed file of {self._size:,} bytes is too large")
            yield self._unpack(self._inline, count)
            return
        if self._type not in _FORKED:
            raise Unsupported(f"file is compressed in a way that is not read: type {self._type}")
        if self._resource is None:
            raise Malformed("compressed file has no resource fork")
        yield from self._blocks(self._resource, count)

    def _blocks(self, resource: Device, count: int) -> Iterator[bytes]:
        left = self._size
        places = _zlib_places if self._type in _ZLIB else _places
        for start, end in places(resource, -(-left // _BLOCK), -(-count // _BLOCK)):
            if not 0 < end - start <= _MAX_PACKED:
                raise Malformed("compressed file has a block of an impossible size")
            block = exactly(resource, start, end - start, "a block of a compressed file")
            found = self._unpack(block, min(_BLOCK, left))
            if len(found) != min(_BLOCK, left):
                raise Malformed("compressed file is cut short in a block")
            left -= len(found)
            yield found

    def _unpack(self, data: memoryview, size: int) -> bytes:
        """One block, or the beginning of an inline file; a first byte that begins no stream says that it is stored."""
        if self._type in {1, 9, 10}:
            return bytes(data[0 if self._type == 1 else 1 :][:size])
        mark = 0x06 if self._type in _LZVN else 0xFF
        if data and (data[0] == mark or (self._type in _ZLIB and data[0] & 0x0F == 0x0F)):
            return bytes(data[1 : 1 + size])
        if self._type in _LZVN:
            found = bytes(lzvn.decode(data, size))
        elif self._type in _LZFSE:
            found = lzfse.decode(data, size, self._budget)
        else:
            try:
                found = isal_zlib.decompressobj(MAX_WBITS).decompress(data, size)
            except InflateError as error:
                raise Malformed(f"compressed file is damaged: {error}") from error
        self._budget.inflate(len(found), consumed=len(data), total=len(found))
        return found


def _zlib_places(resource: Device, total: int, wanted: int) -> list[tuple[int, int]]:
    """Where the first blocks lie: in one item: its size, the number of blocks, offset and size each."""
    (base,) = unpack(">I", exactly(resource, 0, 4, "a resource fork"))
    (count,) = unpack("<I", exactly(resource, base + 4, 4, "a resource fork"))
    if count < total:
        raise Malformed("compressed file has fewer blocks than bytes")
    table = exactly(resource, base + 8, 8 * wanted, "a resource fork")
    pairs = Struct("<II").iter_unpack(table)
    return [(base + 4 + offset, base + 4 + offset + size) for offset, size in pairs]


def _places(resource: Device, _total: int, wanted: int) -> list[tuple[int, int]]:
    """Where the first blocks lie: offsets one after another, each block ending where the next begins."""
    table = exactly(resource, 0, 4 * (wanted + 1), "a resource fork")
    offsets = unpack(f"<{wanted + 1}I", table)
    return list(pairwise(offsets))
