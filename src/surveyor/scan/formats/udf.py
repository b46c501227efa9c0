"""The structures of a UDF volume: where its partitions are, and what an ICB or a directory says.

Read by ECMA-167 3rd edition (part 3: volumes, part 4: files) and OSTA UDF 2.60 (2.2.10 metadata partition maps, 2.1.1
compressed Unicode). Volumes with a virtual or a sparable partition, as packet writing to discs made them, are not read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from struct import unpack_from

from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.values import frozen

DIRECTORY, SYMLINK, FILE = 4, 12, 5
#: Bits of a name's characteristics.
IS_DIRECTORY, IS_DELETED, IS_PARENT = 0x02, 0x04, 0x08
#: Start of an extent that is not stored: zeros.
HOLE = -1

_POINTER, _ANCHOR, _PARTITION, _LOGICAL, _TERMINATOR = 3, 2, 5, 6, 8
_FILE_SET, _NAME, _MORE, _ENTRY, _EXTENDED_ENTRY = 256, 257, 258, 261, 266
_SECTORS = (2048, 512, 4096, 1024)
_DESCRIPTORS = 256
_MAPS = 16
_EXTENTS = 1 << 16
_REGULAR_FILES = frozenset({0, FILE, 249})  # unspecified and real-time files are read as any other

#: Start in the volume and size, both in bytes.
Extent = tuple[int, int]


@frozen
class Entry:
    """What an ICB says of a file: ``kind`` by its type, and the extents of its bytes."""

    kind: int
    size: int
    extents: tuple[Extent, ...]

    @property
    def regular(self) -> bool:
        """Whether it is a file of bytes."""
        return self.kind in _REGULAR_FILES


@frozen
class Name:
    """One name of a directory, as it is written, and where its ICB is: a block of a partition."""

    name: bytes
    flags: int
    block: int
    partition: int


class _Partition:
    """Blocks of a partition map as ranges of the volume; a metadata partition is itself a file in pieces."""

    def __init__(self, pieces: list[Extent]) -> None:
        self.pieces = pieces
        self._starts = [0]
        for _, size in pieces[:-1]:
            self._starts.append(self._starts[-1] + size)

    def ranges(self, start: int, size: int) -> Iterator[Extent]:
        """Where so many bytes from a position on are."""
        at = bisect_right(self._starts, start) - 1
        while size > 0:
            if not 0 <= at < len(self.pieces):
                raise Malformed("UDF block lies outside its partition")
            place, length = self.pieces[at]
            skipped = start - self._starts[at]
            there = min(size, length - skipped)
            if there <= 0:
                raise Malformed("UDF block lies outside its partition")
            yield (HOLE if place == HOLE else place + skipped), there
            start, size, at = start + there, size - there, at + 1


class Volume:
    """An opened volume; raises when it has no anchor or its structures are damaged."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._sector, anchor = _anchor(data)
        self.label = ""
        logical, partitions = self._sequence(anchor)
        (self.block,) = unpack_from("<I", logical, 212)
        if self.block not in _SECTORS:
            raise Malformed(f"UDF volume has blocks of {self.block:,} bytes")
        self.label = _text(logical[84 : 84 + min(32, logical[211])])
        self._partitions: list[_Partition] = []
        for map_ in _maps(logical):
            self._partitions.append(self._map(map_, partitions))
        _, block, partition = unpack_from("<IIH", logical, 248)
        files = self._descriptor(block, partition, {_FILE_SET})
        _, self.root, self.root_partition = unpack_from("<IIH", files, 400)

    def place(self, block: int, partition: int) -> int:
        """The position of a block in the volume."""
        if partition >= len(self._partitions):
            raise Malformed(f"UDF partition {partition} is not described")
        start, _ = next(self._partitions[partition].ranges(block * self.block, self.block))
        return start

    def entry(self, block: int, partition: int) -> Entry:
        """What the ICB in a block says."""
        icb = self._descriptor(block, partition, {_ENTRY, _EXTENDED_ENTRY})
        (tag,) = unpack_from("<H", icb)
        (strategy,) = unpack_from("<H", icb, 20)
        if strategy != 4:
            raise Malformed(f"UDF file has an ICB of strategy {strategy}, which is not read")
        (flags,), (size,) = unpack_from("<H", icb, 34), unpack_from("<Q", icb, 56)
        head = 176 if tag == _ENTRY else 216
        attributes, length = unpack_from("<II", icb, head - 8)
        first = head + attributes
        if first + length > self.block:
            raise Malformed("UDF file entry is larger than its block")
        form = flags & 7
        if form == 3:
            extents: tuple[Extent, ...] = ((self.place(block, partition) + first, min(size, length)),)
        elif form in {0, 1}:
            found = self._extents(bytes(icb[first : first + length]), form, partition)
            extents = tuple(islice(found, _EXTENTS + 1))
            if len(extents) > _EXTENTS:
                raise Malformed("UDF file has extents without end")
        else:
            raise Malformed("UDF file has extended allocation descriptors, which are not read")
        return Entry(kind=icb[27], size=size, extents=extents)

    def _extents(self, listed: bytes, form: int, partition: int) -> Iterator[Extent]:
        """The extents of allocation descriptors, short (form 0) or long ones, wherever their list goes on."""
        step, at, count = (8, 0, 0) if form == 0 else (16, 0, 0)
        while at + step <= len(listed):
            word, block = unpack_from("<II", listed, at)
            where = partition if form == 0 else unpack_from("<H", listed, at + 8)[0]
            kind, size = word >> 30, word & 0x3FFFFFFF
            at, count = at + step, count + 1
            if count > _EXTENTS:
                raise Malformed("UDF file has extents without end")
            if not size:
                return
            if kind == 3:
                more = self._descriptor(block, where, {_MORE})
                (length,) = unpack_from("<I", more, 20)
                listed, at = bytes(more[24 : 24 + length]), 0
            elif kind:
                yield HOLE, size
            elif where >= len(self._partitions):
                raise Malformed(f"UDF partition {where} is not described")
            else:
                yield from self._partitions[where].ranges(block * self.block, size)

    def _descriptor(self, block: int, partition: int, kinds: set[int]) -> memoryview:
        start = self.place(block, partition)
        found = self._data[start : start + self.block]
        if start == HOLE or len(found) < self.block or _tag(found) not in kinds:
            raise Malformed("UDF structure is missing, damaged or cut off")
        return found

    def _sequence(self, anchor: memoryview) -> tuple[memoryview, dict[int, Extent]]:
        """The logical volume descriptor and the partitions by number, of the main sequence or its reserve."""
        for at in (16, 24):
            size, sector = unpack_from("<II", anchor, at)
            logical: tuple[int, memoryview] | None = None
            partitions: dict[int, Extent] = {}
            for descriptor in self._listed(sector, size):
                kind, (number,) = _tag(descriptor), unpack_from("<I", descriptor, 16)
                if kind == _LOGICAL and (logical is None or number >= logical[0]):
                    logical = number, descriptor
                elif kind == _PARTITION:
                    start, length = unpack_from("<II", descriptor, 188)
                    partitions[unpack_from("<H", descriptor, 22)[0]] = start * self._sector, length * self._sector
            if logical and partitions:
                return logical[1], partitions
        raise Malformed("UDF volume describes no partition: it is cut short or damaged")

    def _listed(self, sector: int, size: int) -> Iterator[memoryview]:
        """The descriptors of a sequence, wherever it goes on."""
        left = size // self._sector
        for _ in range(_DESCRIPTORS):
            descriptor = self._data[sector * self._sector : sector * self._sector + 512]
            kind = _tag(descriptor) if len(descriptor) == 512 else _TERMINATOR
            if left <= 0 or kind in {None, _TERMINATOR}:
                return
            sector, left = sector + 1, left - 1
            if kind == _POINTER:
                size, sector = unpack_from("<II", descriptor, 20)
                left = size // self._sector
            else:
                yield descriptor

    def _map(self, map_: bytes, partitions: dict[int, Extent]) -> _Partition:
        number = unpack_from("<H", map_, 4 if map_[0] == 1 else 38)[0]
        if number not in partitions:
            raise Malformed(f"UDF partition {number} is not described")
        physical = _Partition([partitions[number]])
        if map_[0] == 1:
            return physical
        name = map_[5:28].rstrip(b"\0").decode("latin-1")
        if name != "*UDF Metadata Partition":
            raise Unsupported(f"UDF volume with a {name.strip('*') or 'partition of its own kind'} is not read yet")
        return self._metadata(map_, physical)

    def _metadata(self, map_: bytes, physical: _Partition) -> _Partition:
        """The partition that is the content of the metadata file, or of its mirror."""
        number = len(self._partitions)
        self._partitions.append(physical)  # for as long as its file is read
        try:
            for at in (40, 44):
                try:
                    entry = self.entry(unpack_from("<I", map_, at)[0], number)
                except Malformed:
                    if at == 44:
                        raise
                    continue
                return _Partition(list(entry.extents))
        finally:
            self._partitions.pop()
        raise Malformed("UDF metadata partition is missing")


def names(listing: memoryview) -> Iterator[Name]:
    """The names of a directory's bytes; raises when they are damaged, after those before."""
    position = 0
    while position + 38 <= len(listing):
        length = listing[position + 19]
        _, block, partition = unpack_from("<IIH", listing, position + 20)
        (skipped,) = unpack_from("<H", listing, position + 36)
        first = position + 38 + skipped
        if _tag(listing[position : position + 38]) != _NAME or first + length > len(listing):
            raise Malformed("directory is damaged")
        name = bytes(listing[first : first + length])
        yield Name(name=_name(name), flags=listing[position + 18], block=block, partition=partition)
        position = (first + length + 3) & ~3
    if any(listing[position:]):
        raise Malformed("directory is damaged")


def target(components: bytes) -> bytes:
    """The target of a symbolic link (ECMA-167, 4/14.16)."""
    parts: list[bytes] = []
    position = 0
    while position + 4 <= len(components):
        kind, length = components[position], components[position + 1]
        text = components[position + 4 : position + 4 + length]
        parts.append({1: b"", 2: b"", 3: b"..", 4: b"."}.get(kind, _name(text)))
        position += 4 + length
    return b"/".join(parts) or b"/"


def _anchor(data: memoryview) -> tuple[int, memoryview]:
    """Bytes of a sector, and the anchor: in sector 256, the last, or 256 before that."""
    for sector in _SECTORS:
        last = len(data) // sector - 1
        for number in (256, last, last - 256):
            found = data[number * sector : number * sector + 512] if number > 0 else data[:0]
            if len(found) == 512 and _tag(found) == _ANCHOR and unpack_from("<I", found, 12)[0] == number:
                return sector, found
    raise Malformed("UDF volume has no anchor: it is cut short or damaged")


def _tag(descriptor: memoryview) -> int | None:
    """The kind of a descriptor; nothing when its tag has a wrong checksum."""
    tag = bytes(descriptor[:16])
    if len(tag) < 16 or (sum(tag) - tag[4]) & 0xFF != tag[4]:
        return None
    return tag[0] | tag[1] << 8


def _maps(logical: memoryview) -> Iterator[bytes]:
    (count,) = unpack_from("<I", logical, 268)
    position = 440
    for _ in range(min(count, _MAPS)):
        size = logical[position + 1] if position + 2 <= len(logical) else 0
        map_ = bytes(logical[position : position + size])
        if (map_[:1], size) not in {(b"\1", 6), (b"\2", 64)} or len(map_) < size:
            raise Malformed("UDF volume has a damaged partition map")
        position += size
        yield map_


def _name(text: bytes) -> bytes:
    """Compressed Unicode as UTF-8."""
    return _text(text).encode("utf-8", "replace")


def _text(text: bytes | memoryview) -> str:
    text = bytes(text)
    if text[:1] == b"\x10":
        return text[1 : len(text) - (len(text) + 1) % 2].decode("utf-16-be", "replace")
    return text[1:].decode("latin-1")
