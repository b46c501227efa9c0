"""UDIF, the form of Apple's disk images: a trailer, a table of chunks a partition, chunks inflated on demand.

The layout is not published by Apple; read as hdiutil writes it: trailer ``koly`` of 512 bytes at the end (in old images
at the head), a property list with ``resource-fork/blkx``, each item of which is a ``mish`` table of 40-byte chunks. All
numbers are big endian, positions on the disk in sectors of 512 bytes.

Chunks are inflated when a filesystem asks, and kept in a small cache, instead of all of them in a spool. Measured on
350 MB of frameworks in 1,339 zlib chunks: a walk that reads all 147 ``Info.plist`` takes 0.10 CPU-s, where a spool
takes 1.25 before anything is read; where every program is looked at, 1,211 chunks are inflated 1,222 times.
"""

from __future__ import annotations

import bz2
import lzma
from array import array
from bisect import bisect_right
from collections import OrderedDict
from struct import Struct
from typing import Protocol
from zlib import crc32

from isal import isal_zlib

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.formats import adc, lzfse, plist
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.inflate import InflateError
from surveyor.scan.tree.koly import SECTOR, Trailer

_TABLE = b"mish"
_MISH = Struct(">4xIQQQ32xII4s124xI")
_CHUNK = Struct(">I4xQQQQ")
_ZERO, _RAW, _IGNORE = 0, 1, 2
_ADC, _ZLIB, _BZIP2, _LZFSE, _XZ = 0x80000004, 0x80000005, 0x80000006, 0x80000007, 0x80000008
_COMMENT, _LAST = 0x7FFFFFFE, 0xFFFFFFFF
_FORMS = {_ADC: "adc", _ZLIB: "zlib", _BZIP2: "bzip2", _LZFSE: "lzfse", _XZ: "lzma"}
_CHUNK_BYTES = 16 * MIB  # one inflated chunk; hdiutil writes 256 KiB or 1 MiB
_CACHE_BYTES = 32 * MIB
_XZ_MEMORY = 128 * MIB
_LONGEST = 1 << 60


class Udif:
    """A disk image as a device: its chunks by position, what is between them zeros.

    ``damage`` says what is wrong with the tables and leaves them of use.
    """

    def __init__(self, blob: Blob, trailer: Trailer, budget: Budget) -> None:
        if trailer.segments > 1:
            raise Unsupported(
                f"disk image is part {trailer.segment} of {trailer.segments}: images in several files are not read"
            )
        self._blob = blob
        self._budget = budget
        self._base = trailer.data
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._held = 0
        self.damage: ScanError | None = None
        self._chunks = _Chunks(blob, trailer, budget)
        if trailer.checksum is not None and trailer.checksum not in {0, self._chunks.checksum}:
            self.damage = Malformed("disk image has tables that do not fit its checksum")
        self.form = "+".join(sorted({_FORMS[kind] for kind in set(self._chunks.kinds) if kind in _FORMS})) or "raw"

    def __len__(self) -> int:
        return self._chunks.end

    def read(self, start: int, size: int) -> memoryview:
        """These bytes, fewer where the disk ends; what no chunk covers is zeros."""
        stop = min(start + size, self._chunks.end)
        parts: list[memoryview] = []
        while start < stop:
            part = self._piece(start, stop)
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))

    def place(self, start: int, size: int) -> Blob | None:
        """Where these bytes lie, when one chunk has them as they are."""
        chunks = self._chunks
        number = bisect_right(chunks.starts, start) - 1
        if number < 0 or chunks.kinds[number] != _RAW or start + size > chunks.ends[number]:
            return None
        return self._blob.part(self._base + chunks.offsets[number] + start - chunks.starts[number], size)

    def _piece(self, start: int, stop: int) -> memoryview:
        """The bytes from ``start`` as far as one chunk, or one gap between two, has them."""
        chunks = self._chunks
        number = bisect_right(chunks.starts, start) - 1
        end = chunks.ends[number] if number >= 0 else 0
        if start >= end:
            after = chunks.starts[number + 1] if number + 1 < len(chunks.starts) else stop
            return memoryview(bytes(min(stop, after) - start))
        first, kind = start - chunks.starts[number], chunks.kinds[number]
        count = min(stop, end) - start
        if kind in (_ZERO, _IGNORE):
            return memoryview(bytes(count))
        if kind == _RAW:
            found = self._blob.part(self._base + chunks.offsets[number] + first, count).view()
            if len(found) != count:
                raise Malformed("disk image is cut short in a chunk")
            return found
        # a view would hold all of the chunk for as long as somebody keeps a few bytes of it
        return memoryview(self._inflated(number)[first : first + count])

    def _inflated(self, number: int) -> bytes:
        if found := self._cache.get(number):
            self._cache.move_to_end(number)
            return found
        chunks = self._chunks
        size, packed = chunks.ends[number] - chunks.starts[number], chunks.lengths[number]
        if size > _CHUNK_BYTES or packed > 2 * _CHUNK_BYTES:
            raise LimitExceeded(f"disk image has a chunk of {max(size, packed):,} bytes")
        data = self._blob.part(self._base + chunks.offsets[number], packed).view()
        if len(data) != packed:
            raise Malformed("disk image is cut short in a chunk")
        found = _inflate(chunks.kinds[number], data, size, self._budget)
        self._budget.inflate(len(found))
        if len(found) != size:
            raise Malformed(f"chunk of a disk image holds {len(found):,} of {size:,} bytes")
        self._keep(number, found)
        return found

    def _keep(self, number: int, found: bytes) -> None:
        self._cache[number] = found
        self._held += len(found)
        while self._held > _CACHE_BYTES:
            _, old = self._cache.popitem(last=False)
            self._held -= len(old)


class _Chunks:
    """All chunks in the order of the disk, in packed arrays since an image may have a hundred thousand."""

    def __init__(self, blob: Blob, trailer: Trailer, budget: Budget) -> None:
        self.starts, self.ends, self.offsets, self.lengths = (array("Q") for _ in range(4))
        self.kinds = array("L")
        self._budget = budget
        tables = _tables(blob, trailer, budget)
        for table in sorted(tables, key=lambda one: one[8:16]):
            self._table(table)
        #: Over the checksums of the tables in the order they are listed.
        self.checksum = crc32(b"".join(_MISH.unpack_from(table)[6] for table in tables))
        last = self.ends[-1] if self.ends else 0
        self.end = max(last, trailer.sectors * SECTOR) if trailer.sectors < _LONGEST // SECTOR else last

    def _table(self, table: bytes) -> None:
        _, first, _, offset, _, _, _, count = _MISH.unpack_from(table)
        rows = table[_MISH.size :]
        if count * _CHUNK.size > len(rows):
            raise Malformed("disk image has a table that names more chunks than it holds")
        for kind, sector, sectors, position, length in _CHUNK.iter_unpack(rows[: count * _CHUNK.size]):
            if kind in (_COMMENT, _LAST) or not sectors:
                continue
            self._budget.entry()
            if kind not in _FORMS and kind not in (_ZERO, _RAW, _IGNORE):
                raise Unsupported(f"disk image has chunks of kind {kind:#x}, which is not read")
            start, end = (first + sector) * SECTOR, (first + sector + sectors) * SECTOR
            if end > _LONGEST or offset + position > _LONGEST or length > _LONGEST:
                raise Malformed("disk image has a chunk that lies outside of any disk")
            if self.ends and start < self.ends[-1]:
                raise Malformed("disk image has chunks that overlap")
            self.starts.append(start)
            self.ends.append(end)
            self.kinds.append(kind)
            self.offsets.append(offset + position)
            self.lengths.append(length)


def _tables(blob: Blob, trailer: Trailer, budget: Budget) -> list[bytes]:
    """The ``mish`` tables from the property list."""
    if not trailer.list_bytes:
        raise Unsupported("disk image keeps its tables in a resource fork, which is not read")
    if trailer.list_bytes > 2 * budget.limits.metadata_bytes:
        raise LimitExceeded(f"disk image has a property list of {trailer.list_bytes:,} bytes")
    data = blob.part(trailer.list_start, trailer.list_bytes).view()
    if len(data) != trailer.list_bytes:
        raise Malformed("disk image has its property list outside the file")
    fork = plist.mapping(plist.mapping(plist.load(data)).get("resource-fork"))
    found = fork.get("blkx")
    tables: list[bytes] = []
    for item in found if isinstance(found, list) else []:
        table = plist.mapping(item).get("Data")
        if not isinstance(table, bytes) or len(table) < _MISH.size or table[:4] != _TABLE:
            raise Malformed("disk image has a table of chunks that is damaged")
        tables.append(table)
    if not tables:
        raise Malformed("disk image has no table of chunks")
    return tables


def _inflate(kind: int, data: memoryview, size: int, budget: Budget) -> bytes:
    """The bytes of one chunk, at most as many as it stands for."""
    try:
        if kind == _ZLIB:
            inflater = isal_zlib.decompressobj(15)
            return _all_of(inflater.decompress(data, size), inflater, inflater.unconsumed_tail)
        if kind == _BZIP2:
            return _all_of((bunzip := bz2.BZ2Decompressor()).decompress(data, size), bunzip)
        if kind == _XZ:
            unxz = lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_XZ_MEMORY)
            return _all_of(unxz.decompress(data, size), unxz)
    except (InflateError, OSError, ValueError, EOFError, lzma.LZMAError) as error:
        raise Malformed(f"chunk of a disk image is damaged: {error}") from error
    return adc.decode(data, size) if kind == _ADC else lzfse.decode(data, size, budget)


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _all_of(found: bytes, decoder: _Decoder, rest: bytes = b"") -> bytes:
    """What was decoded, when that is all: only at its end does a stream say whether it is undamaged."""
    if not decoder.eof and decoder.decompress(rest, 1):
        raise Malformed("chunk of a disk image holds more than it stands for")
    if not decoder.eof:
        raise Malformed("chunk of a disk image is cut short")
    return found
