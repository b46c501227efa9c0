"""Zip by its central directory (APPNOTE.TXT 6.3.10), entries inflated one at a time within limits.

What stands before the zip does not matter: a launcher script, a program, the header of a CRX.
"""

from __future__ import annotations

import stat
from bisect import bisect
from collections.abc import Iterator
from struct import Struct, unpack_from
from typing import NamedTuple

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.formats.layout import find
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.entry import PROGRAM_BYTES, Blob, Entry, Kind, Names, Tally, Wanted, is_program
from surveyor.scan.tree.inflate import bunzip2, undeflate, undeflate64, unlzma, unxz, unzstd
from surveyor.scan.tree.local_headers import directory_of
from surveyor.scan.tree.names import clean
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted

_END = b"PK\x05\x06"
_END_BYTES = 22
_COMMENT = 65535
_LOCATOR64 = b"PK\x06\x07"
_END64 = b"PK\x06\x06"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
#: Magic, writer, flags, method, packed size, size, lengths of name, extra field and comment, attributes, offset.
_ENTRY = Struct("<4sH2xHH8xIIHHH4xII")
#: Of these the magic and the three lengths, which are enough for most.
_PASSED = Struct("<4s24xHHH")
_STORED, _DEFLATED, _DEFLATED64, _LZMA = 0, 8, 9, 14
_OTHERS = {12: bunzip2, 93: unzstd, 95: unxz}
_READ = frozenset({_STORED, _DEFLATED, _DEFLATED64, _LZMA, *_OTHERS})
_NAMES = {1: "shrink", 6: "implode", 98: "PPMd"}
_ENDED = 2  # of the flags of an LZMA entry: its end is marked
_UNIX = 3
_LINK = 4096
_TAIL = 4  # bytes of a name; no ending that is asked for has fewer
_COPIED = 4 * MIB
_LEAST = 4096  # bytes inflated at once at least
_MAX32 = 0xFFFFFFFF
_MAX64 = 0xFFFFFFFFFFFFFFFF


class Member(NamedTuple):
    """One entry of the central directory; sizes as it claims them, ``mode`` as Unix has it, 0 when not known."""

    name: bytes
    method: int
    flags: int
    packed: int
    size: int
    offset: int
    mode: int

    @property
    def stored(self) -> bool:
        """Whether its bytes lie in the zip as they are."""
        return self.method == _STORED and not self.closed

    @property
    def closed(self) -> str:
        """Why the entry cannot be read; empty when it can."""
        if self.flags & 1:
            return "encrypted"
        method = _NAMES.get(self.method, str(self.method))
        return "" if self.method in _READ else f"compression method {method} is not read"


class Zip:
    """A zip in memory or in a mapped file; one without its directory is read by what stands before each entry."""

    def __init__(self, data: memoryview, budget: Budget) -> None:
        self._data = data
        self._budget = budget
        self._read: list[tuple[int, int, bytes]] = []
        self._lost = ""  # why, not the error itself: its frames would hold all of this until the next look for cycles
        try:
            start, size, self.count, self._base = self._directory()
        except Malformed as error:
            self._lost, self._base = str(error), 0
            self._listing: bytes | memoryview
            self._listing, self.count = directory_of(data, budget)
            if not self.count:
                raise
        else:
            directory = data[start : start + size]
            # a slice of bytes is sooner made than one of a view
            self._listing = bytes(directory) if size <= _COPIED else directory

    def members(self, endings: tuple[bytes, ...] = ()) -> Iterator[Member]:
        """The entries whose names end so, in the order of the central directory; raises last when some are missing."""
        for name, position in self.names(endings):
            yield self._member(name, position)

    def names(self, endings: tuple[bytes, ...] = ()) -> Iterator[tuple[bytes, int]]:
        """The names of these entries, and where each stands in the directory; raises as ``members`` does."""
        directory, stop, unpack = self._listing, len(self._listing) - 46, _PASSED.unpack_from
        position = seen = 0
        # most names end otherwise: their last letter but one tells, which is not that of .class, or else the last four
        letters = frozenset(ending[-2] for ending in endings)
        tails, copied = frozenset(ending[-_TAIL:] for ending in endings), isinstance(directory, bytes)
        while position <= stop:
            magic, name_bytes, extra_bytes, comment_bytes = unpack(directory, position)
            if magic != _CENTRAL:
                raise Malformed("zip central directory is damaged")
            seen += 1
            if not seen & 0xFF:
                self._budget.entry(0x100)
            at, end = position, position + 46 + name_bytes
            position = end + extra_bytes + comment_bytes
            if tails:
                try:
                    if directory[end - 2] not in letters:
                        continue
                except IndexError:
                    pass  # the directory ends within the name
                tail = directory[end - _TAIL : end]
                if (tail if copied else bytes(tail)) not in tails:
                    continue
            name = bytes(directory[at + 46 : end])
            if not endings or name.endswith(endings):
                yield name, at
        self._budget.entry(seen & 0xFF)
        if self._lost:
            raise Malformed(f"{self._lost}; {counted(seen, 'entry')} found by what stands before each")
        # writers without zip64 let the count run over
        if (seen ^ self.count) & 0xFFFF:
            raise Malformed(f"zip claims {self.count:,} entries and names {seen:,}")

    def _member(self, name: bytes, position: int) -> Member:
        """The entry that stands there in the directory."""
        _, writer, flags, method, packed, size, name_bytes, extra_bytes, _, attributes, offset = _ENTRY.unpack_from(
            self._listing, position
        )
        if _MAX32 in (packed, size, offset):
            extra = position + 46 + name_bytes
            packed, size, offset = _wide(bytes(self._listing[extra : extra + extra_bytes]), packed, size, offset)
        mode = attributes >> 16 if writer >> 8 == _UNIX else 0
        return Member(name, method, flags, packed, size, offset, mode)

    def mentions(self, name: bytes) -> bool:
        """Whether the central directory has these bytes anywhere: much sooner told than who has them."""
        return find(memoryview(self._listing), name) >= 0

    def read(self, member: Member, limit: int) -> memoryview:
        """The bytes of one entry; raises when they are over the limit, damaged, or share bytes with another entry."""
        if member.size > limit:
            raise LimitExceeded(f"zip entry of {member.size:,} bytes is over the limit of {limit:,}")
        whole = self.head(member, limit + 1)
        if len(whole) > limit:
            raise LimitExceeded(f"zip entry inflates to more than {limit:,} bytes")
        return whole

    def head(self, member: Member, count: int) -> memoryview:
        """The first bytes of one entry, fewer when there are not so many."""
        if member.closed:
            raise Unsupported(f"zip entry cannot be read: {member.closed}")
        self._claim(member)
        return self._begin(member, count)

    def magic(self, member: Member) -> memoryview:
        """The first four bytes of an entry that can be read: too little to hurt, and asked of too many to be noted."""
        return self._begin(member, 4)

    def _begin(self, member: Member, count: int) -> memoryview:
        packed = self._packed(member)
        if member.method == _STORED:
            return packed[:count]
        out = bytearray()
        for chunk in self._chunks(member, packed, min(MIB, max(count, _LEAST))):
            out += chunk
            if len(out) >= count:
                break
        return memoryview(out)[:count]

    def place(self, member: Member) -> tuple[int, int]:
        """Where the packed bytes of an entry lie: start and size."""
        self._claim(member)
        return self._first(member), member.packed

    def _directory(self) -> tuple[int, int, int, int]:
        """Start and size of the central directory, number of entries, and what offsets are counted from."""
        data = self._data
        # most have no comment: then nothing before the record is touched
        tail = bytes(data[max(0, len(data) - _END_BYTES) :])
        if not tail.startswith(_END):
            tail = bytes(data[max(0, len(data) - _COMMENT - _END_BYTES) :])
        at = _last_end(tail)
        if at < 0:
            raise Malformed("zip has no central directory: it is cut short or damaged")
        end = len(data) - len(tail) + at
        count, size, offset = unpack_from("<HII", data, end + 10)
        if _MAX32 in (size, offset) or count == 0xFFFF or bytes(data[max(0, end - 20) :][:4]) == _LOCATOR64:
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

    def _first(self, member: Member) -> int:
        start = self._base + member.offset
        if start + 30 > len(self._data) or bytes(self._data[start : start + 4]) != _LOCAL:
            raise Malformed("zip entry points outside the file")
        name_bytes, extra_bytes = unpack_from("<HH", self._data, start + 26)
        return start + 30 + int(name_bytes) + int(extra_bytes)

    def _packed(self, member: Member) -> memoryview:
        first = self._first(member)
        last = first + member.packed
        if last > len(self._data):
            raise Malformed("zip entry is cut short")
        return self._data[first:last]

    def _claim(self, member: Member) -> None:
        """Refuse an entry whose bytes another one has had: that is how a small zip inflates without end."""
        start, last = self._base + member.offset, self._first(member) + member.packed
        claim = (start, last, member.name)
        at = bisect(self._read, claim)
        if at and self._read[at - 1] == claim:
            return
        if (at and self._read[at - 1][1] > start) or (at < len(self._read) and self._read[at][0] < last):
            raise Malformed("zip entries share the same bytes")
        self._read.insert(at, claim)

    def _chunks(self, member: Member, packed: memoryview, size: int) -> Iterator[bytes]:
        if member.method == _DEFLATED:
            return undeflate(packed, self._budget, size)
        if member.method == _DEFLATED64:
            return undeflate64(packed, self._budget, size)
        if member.method == _LZMA:
            return unlzma(packed[9:], self._budget, _head_of(member, packed))
        return _OTHERS[member.method](packed, self._budget)


def _last_end(tail: bytes) -> int:
    """Where the last end record that may be whole begins; below zero when there is none."""
    return tail.rfind(_END, 0, max(0, len(tail) - _END_BYTES + 4))


def ends_as_zip(data: memoryview) -> bool:
    """Whether a file that begins as something else ends as a zip, with the directory where its record says."""
    tail = bytes(data[max(0, len(data) - _COMMENT - _END_BYTES) :])
    at = _last_end(tail)
    if at < 0 or at + _END_BYTES + unpack_from("<H", tail, at + 20)[0] != len(tail):
        return False
    size, start = unpack_from("<I", tail, at + 12)[0], len(data) - len(tail) + at
    return bool(size) and size <= start and bytes(data[start - size : start - size + 4]) == _CENTRAL


def _head_of(member: Member, packed: memoryview) -> bytes:
    """What the decoder of an LZMA entry (APPNOTE 5.8) wants before its data: properties and size."""
    if len(packed) < 9 or unpack_from("<H", packed, 2) != (5,):
        raise Malformed("zip entry is damaged: its LZMA properties are missing")
    size = _MAX64 if member.flags & _ENDED else member.size
    return bytes(packed[4:9]) + size.to_bytes(8, "little")


def _wide(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset from the zip64 extra field, which holds only those that did not fit, in this order."""
    position = 0
    while position + 4 <= len(extra):
        tag, length = unpack_from("<HH", extra, position)
        if tag == 1:
            field = extra[position + 4 : position + 4 + length]
            values = iter(unpack_from(f"<{len(field) // 8}Q", field))
            size, packed, offset = (next(values, one) if one == _MAX32 else one for one in (size, packed, offset))
            return packed, size, offset
        position += 4 + length
    return packed, size, offset


@frozen
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
        self._blob = blob
        self._archive = Zip(blob.view(), budget)
        self._budget = budget
        self._wanted = wanted

    def __iter__(self) -> Iterator[Entry]:
        match, programs = self._wanted.match, self._wanted.programs
        for member in self._archive.members():
            self.entries += 1
            name = member.name
            if member.flags & 1 or member.method not in _READ:
                self.closed.add(member.name, member.closed)
                continue
            named = match(name, name.rfind(b"/") + 1) is not None
            program = programs and member.mode & 0o111 != 0 and self._is_program(member, named=named)
            wanted = named or program
            if not wanted and b".." not in name:
                continue
            try:
                name = clean(name)
            except Malformed:
                self.climbing.add(member.name)
                continue
            if wanted and not member.name.endswith(b"/"):
                yield self._link(name, member) if stat.S_ISLNK(member.mode) else self._file(name, member, program)

    def _is_program(self, member: Member, *, named: bool) -> bool:
        if not (stat.S_ISREG(member.mode) and member.size >= PROGRAM_BYTES):
            return False
        try:
            return is_program(self._archive.magic(member))
        except (Malformed, LimitExceeded) as error:
            if not named:  # who wants it by its name says so
                self._close(member, error)
            return False

    def _close(self, member: Member, error: ScanError) -> None:
        self._budget.check_time()  # what one entry takes too much of, another may not
        self.closed.add(member.name, str(error))

    def _link(self, name: bytes, member: Member) -> Entry:
        target = b""
        try:
            target = bytes(self._archive.head(member, _LINK))
        except (Malformed, LimitExceeded) as error:
            self._close(member, error)
        return Entry(name=name, kind=Kind.SYMLINK, size=0, target=target)

    def _file(self, name: bytes, member: Member, program: bool) -> Entry:
        content = _Content(self._archive, member)
        place = self._place(member) if member.stored else None
        return Entry(
            name=name,
            kind=Kind.FILE,
            size=member.size,
            peek=content.peek,
            mapped=place is not None,
            place=place,
            program=program,
        )

    def _place(self, member: Member) -> Blob | None:
        try:
            return self._blob.part(*self._archive.place(member))
        except Malformed:
            return None  # reading it says why


class _Content:
    """The bytes of one entry, inflated as far as they were asked for."""

    __slots__ = ("_archive", "_head", "_member")

    def __init__(self, archive: Zip, member: Member) -> None:
        self._archive = archive
        self._member = member
        self._head = memoryview(b"")

    def peek(self, count: int) -> memoryview:
        """The first bytes, fewer when there are not so many."""
        if len(self._head) < min(count, self._member.size):
            self._head = self._archive.head(self._member, count)
        return self._head[:count]
