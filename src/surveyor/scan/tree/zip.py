"""Zip by its central directory (APPNOTE.TXT 6.3.10), entries inflated one at a time within limits."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from struct import Struct, unpack_from

from isal import isal_zlib

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Tally, Wanted
from surveyor.scan.tree.inflate import InflateError
from surveyor.scan.tree.names import clean

_END = b"PK\x05\x06"
_END_BYTES = 22
_COMMENT = 65535
_LOCATOR64 = b"PK\x06\x07"
_END64 = b"PK\x06\x06"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
#: Magic, flags, method, packed size, size, lengths of name, extra field and comment, offset of the local header.
_ENTRY = Struct("<4s4xHH8xIIHHH8xI")
_STORED, _DEFLATED = 0, 8
_MAX32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of the central directory; sizes as it claims them."""

    name: bytes
    method: int
    encrypted: bool
    packed: int
    size: int
    offset: int


class Zip:
    """A zip in memory or in a mapped file."""

    def __init__(self, data: memoryview, budget: Budget) -> None:
        self._data = data
        self._budget = budget
        self._read: list[tuple[int, int]] = []
        self._start, self._size, self.count, self._base = self._directory()

    def members(self, endings: tuple[bytes, ...] = (b"",)) -> Iterator[Member]:
        """The entries whose names end so, in the order of the central directory."""
        directory = self._data[self._start : self._start + self._size]
        position, stop = 0, len(directory) - 46
        while position <= stop:
            magic, flags, method, packed, size, name_bytes, extra_bytes, comment_bytes, offset = _ENTRY.unpack_from(
                directory, position
            )
            if magic != _CENTRAL:
                raise Malformed("zip central directory is damaged")
            self._budget.entry()
            names = position + 46 + name_bytes
            name = bytes(directory[position + 46 : names])
            if name.endswith(endings):
                if _MAX32 in (packed, size, offset):
                    extra = bytes(directory[names : names + extra_bytes])
                    packed, size, offset = _wide(extra, packed, size, offset)
                yield Member(
                    name=name, method=method, encrypted=bool(flags & 1), packed=packed, size=size, offset=offset
                )
            position = names + extra_bytes + comment_bytes

    def read(self, member: Member, limit: int) -> memoryview:
        """The bytes of one entry; raises when they are over the limit, damaged, or share bytes with another entry."""
        if member.encrypted:
            raise Unsupported("zip entry is encrypted")
        if member.size > limit:
            raise LimitExceeded(f"zip entry of {member.size:,} bytes is over the limit of {limit:,}")
        packed = self._packed(member)
        if member.method == _STORED:
            return packed[:limit]
        if member.method != _DEFLATED:
            raise Unsupported(f"zip compression method {member.method} is not read yet")
        return memoryview(self._inflate(packed, limit))

    def _directory(self) -> tuple[int, int, int, int]:
        """Start and size of the central directory, number of entries, and what offsets are counted from."""
        data = self._data
        tail = bytes(data[max(0, len(data) - _COMMENT - _END_BYTES) :])
        at = tail.rfind(_END, 0, len(tail) - _END_BYTES + 4)
        if at < 0:
            raise Malformed("zip has no central directory: it is cut short or damaged")
        end = len(data) - len(tail) + at
        count, size, offset = unpack_from("<HII", data, end + 10)
        if _MAX32 in (size, offset) or count == 0xFFFF:
            end, count, size, offset = self._directory64(end, (count, size, offset))
        # what stands before the zip (a launcher script) shifts every offset
        base = end - size - offset
        if base < 0 or size > len(data):
            raise Malformed("zip central directory points outside the file")
        return end - size, size, count, base

    def _directory64(self, end: int, narrow: tuple[int, int, int]) -> tuple[int, int, int, int]:
        data, locator = self._data, end - 20
        if locator < 0 or bytes(data[locator : locator + 4]) != _LOCATOR64:
            return end, *narrow
        (at,) = unpack_from("<Q", data, locator + 8)
        # the record stands right before its locator; the offset is off by whatever precedes the zip
        for start in (at, locator - 56):
            if 0 <= start <= len(data) - 56 and bytes(data[start : start + 4]) == _END64:
                count, size, offset = unpack_from("<QQQ", data, start + 32)
                return start, count, size, offset
        raise Malformed("zip64 record is missing")

    def _packed(self, member: Member) -> memoryview:
        start = self._base + member.offset
        if start + 30 > len(self._data) or bytes(self._data[start : start + 4]) != _LOCAL:
            raise Malformed("zip entry points outside the file")
        name_bytes, extra_bytes = unpack_from("<HH", self._data, start + 26)
        first = start + 30 + name_bytes + extra_bytes
        last = first + member.packed
        if last > len(self._data):
            raise Malformed("zip entry is cut short")
        self._claim(start, last)
        return self._data[first:last]

    def _claim(self, start: int, last: int) -> None:
        """Refuse an entry whose bytes another one has had: that is how a small zip inflates without end."""
        at = bisect(self._read, (start, last))
        before, after = self._read[at - 1] if at else (0, 0), self._read[at] if at < len(self._read) else (last, last)
        if before[1] > start or after[0] < last:
            raise Malformed("zip entries share the same bytes")
        self._read.insert(at, (start, last))

    def _inflate(self, packed: memoryview, limit: int) -> bytearray:
        inflater = isal_zlib.decompressobj(-15)
        out = bytearray()
        step: memoryview | bytes = packed
        while step and not inflater.eof:
            try:
                chunk = inflater.decompress(step, MIB)
            except InflateError as error:
                raise Malformed(f"zip entry is damaged: {error}") from error
            step = inflater.unconsumed_tail
            out += chunk
            self._budget.inflate(len(chunk), consumed=len(packed), total=len(out))
            if len(out) > limit:
                raise LimitExceeded(f"zip entry inflates to more than {limit:,} bytes")
        if not inflater.eof:
            raise Malformed("zip entry is cut short")
        return out


def _wide(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset from the zip64 extra field, which holds only those that did not fit, in this order."""
    position = 0
    while position + 4 <= len(extra):
        tag, length = unpack_from("<HH", extra, position)
        if tag == 1:
            values = iter(unpack_from(f"<{length // 8}Q", extra[: position + 4 + length], position + 4))
            return tuple(next(values, narrow) if narrow == _MAX32 else narrow for narrow in (packed, size, offset))  # type: ignore[return-value]
        position += 4 + length
    return packed, size, offset


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipLayer:
    """The entries of a zip as files."""

    blob: Blob
    digest: str | None = None
    place: str | None = None
    form: str = "zip"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> ZipWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return ZipWalk(self.blob, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """A zip has its directory at its end."""
        return True


class ZipWalk:
    """One pass over the central directory."""

    def __init__(self, blob: Blob, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._archive = Zip(blob.view(), budget)
        self._wanted = wanted
        self._limit = budget.limits.file_bytes

    def __iter__(self) -> Iterator[Entry]:
        for member in self._archive.members():
            self.entries += 1
            wanted = self._wanted.match(member.name, member.name.rfind(b"/") + 1)
            if not wanted and b".." not in member.name:
                continue
            try:
                name = clean(member.name)
            except Malformed:
                self.climbing.add(member.name)
                continue
            if not wanted:
                continue
            yield Entry(name=name, kind=Kind.FILE, size=member.size, peek=partial(self._peek, member))

    def _peek(self, member: Member, count: int) -> memoryview:
        return self._archive.read(member, self._limit)[:count]
