"""Tar as every writer writes it: v7, ustar, GNU and pax, read header by header over mapped or inflated bytes.

Layout of a header (POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format"): name 0:100, size 124:136, checksum 148:156,
type 156, link 157:257, magic 257:263, prefix 345:500.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from isal.isal_zlib import adler32

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.distant import Distant
from surveyor.scan.tree.entry import PROGRAM_BYTES, Blob, Entry, Kind, Names, Tally, Wanted, is_program
from surveyor.scan.tree.names import clean
from surveyor.scan.tree.stream import BLOCK, Source, content_digest, form_of, source_of

_UP = re.compile(rb"\.\.").search  # in short names a fifth of what ``in`` takes
_ADLER = 65521
_SHORT = 200  # a call is saved for names that are kept as they are
_META = frozenset(b"LKxgXN")  # headers that speak about another entry
_META_BYTES = MIB
_BODILESS = frozenset(b"123456")  # links, devices, directories, FIFOs: a size in the header means no bytes
_COMMON = frozenset(b"0\x007")
_KINDS = {ord("1"): Kind.HARDLINK, ord("2"): Kind.SYMLINK}
_DIRECTORY = ord("5")
_GNU_SPARSE = ord("S")


@dataclass(slots=True)
class _Override:
    """What a long-name or pax header says about the entry that follows it."""

    name: bytes | None = None
    link: bytes | None = None
    size: int | None = None
    sparse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TarLayer:
    """A tar in a range of a mapped file, plain or compressed, or one that comes when it is looked at.

    ``declared`` is how many bytes its manifest says there are, ``content`` the digest of what they are uncompressed,
    ``instruction`` what made the layer, by the image's history; ``verified`` when its bytes are known to have its
    digest, or do not come otherwise.
    """

    blob: Blob | Distant
    digest: str | None = None
    place: str | None = None
    declared: int | None = None
    content: str | None = None
    instruction: str | None = None
    verified: bool = False

    @property
    def held(self) -> Blob:
        """Its bytes; raises when they have to come first and do not."""
        return self.blob.bring() if isinstance(self.blob, Distant) else self.blob

    @property
    def here(self) -> bool:
        """Whether its bytes need not come first."""
        return not isinstance(self.blob, Distant) or self.blob.here

    @property
    def size(self) -> int:
        """How many bytes it has, as it is stored."""
        return self.blob.size if isinstance(self.blob, Distant) else len(self.blob)

    @property
    def sized(self) -> bool:
        """Whether there are as many bytes as its manifest says, where that says any number."""
        there = self.blob.size if isinstance(self.blob, Distant) else len(self.blob.view())
        return self.declared is None or self.declared == there

    @property
    def form(self) -> str:
        """``plain``, ``gzip`` or ``zstd``."""
        return form_of(self.held.head(16))

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> TarWalk:
        """Begin a pass."""
        return TarWalk(source_of(self.held, budget), wanted, budget, names)

    def vouched(self, budget: Budget) -> bool:
        """Whether the size that was declared is there, or else the content has its digest.

        Asked only of a tar without end marker, since a digest costs a pass over all bytes.
        """
        if self.declared is not None:
            return self.sized
        return self.content is not None and self.content == content_digest(self.held, budget)


class TarWalk:
    """One pass over a tar, yielding the wanted entries in the order they are stored."""

    def __init__(self, source: Source, wanted: Wanted, budget: Budget, names: Names | None = None) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._source = source
        self._wanted = wanted
        self._budget = budget
        self._names = names

    @property
    def share(self) -> float:
        """How much of the layer has passed, 0..1."""
        return self._source.share

    def __iter__(self) -> Iterator[Entry]:
        block, skip, match, note = self._source.block, self._source.skip, self._wanted.match, self._note
        programs, peek = self._wanted.programs, self._source.peek
        override: _Override | None = None
        while len(header := block()) == BLOCK:
            if not header[0] and not any(header):
                self._source.finish()
                return
            type_, size = header[156], _verified_size(header)
            if type_ in _META:
                override = self._meta(type_, size, override)
                continue
            name = header[:100].partition(b"\0")[0]
            if header[345]:
                name = _prefixed(header, name)
            if override is not None or type_ not in _COMMON:
                name, size = self._unusual(header, name, size, override)
            elif name[-1:] == b"/":
                size = 0  # before ustar a directory was a file with a slash at its end
            name = note(name, type_)
            # the digits of the mode: an odd one lets somebody execute the file
            program = (
                programs
                and size >= PROGRAM_BYTES
                and type_ in _COMMON
                and (header[104] | header[105] | header[106]) & 1 == 1
                and is_program(peek(4))
            )
            if program or match(name, name.rfind(b"/") + 1):
                yield from self._wanted_entry(name, header, size, override, program=program)
            override = None
            # without its last padding a tar is still whole: umoci writes layers so
            if size and skip((size + 511) & -BLOCK) > (-size & 511):
                raise Malformed(f"tar is cut short inside entry {self.entries:,}")
        if header:
            raise Malformed(f"tar is cut short in a header after entry {self.entries:,}")
        self.unmarked = True

    def _note(self, name: bytes, type_: int) -> bytes:
        """Count an entry, remember its name when it can hide something below, return it without a leading ``./``."""
        self.entries += 1
        if name[:2] == b"./":
            name = name[2:]
        if _UP(name):
            self._judge(name)
        if type_ == _DIRECTORY:
            name = name.rstrip(b"/")
        elif self._names is not None:
            self._names.seen.add(name if len(name) < _SHORT else Names.key(name))
        if not self.entries & 0x3FF:
            self._budget.entry(0x400)
            if self._names is not None and not self._names.fits(0x400):
                self._names = None
        return name

    def _judge(self, name: bytes) -> None:
        """Count a name that leads out of the tree, wanted or not; no entry of such a name is ever read."""
        try:
            clean(name)
        except Malformed:
            self.climbing.add(name)

    def _unusual(self, header: bytes, name: bytes, size: int, override: _Override | None) -> tuple[bytes, int]:
        """Name and stored size of an entry with a long name, a pax header or a rare type."""
        if override is not None:
            name = override.name or name
            size = size if override.size is None else override.size
        if header[156] == _GNU_SPARSE and header[482]:
            self._skip_sparse_maps()
        bodiless = header[156] in _BODILESS or (not header[156] and name.endswith(b"/"))
        return name, 0 if bodiless else size

    def _skip_sparse_maps(self) -> None:
        while len(block := self._source.block()) == BLOCK and block[504]:
            self._budget.entry()

    def _wanted_entry(
        self, name: bytes, header: bytes, size: int, override: _Override | None, *, program: bool
    ) -> Iterator[Entry]:
        try:
            name = clean(name)
        except Malformed:
            return
        type_ = header[156]
        kind = _KINDS.get(type_, Kind.OTHER if type_ in _BODILESS else Kind.FILE)
        if type_ == _GNU_SPARSE or (override is not None and override.sparse):
            kind = Kind.OTHER  # its stored bytes are not the file's
        target = (override.link if override else None) or header[157:257].partition(b"\0")[0]
        source = self._source
        yield Entry(
            name=name,
            kind=kind,
            size=size,
            target=target,
            peek=source.peek,
            mapped=source.mapped,
            place=source.place(size),
            program=program and kind is Kind.FILE,
        )

    def _meta(self, type_: int, size: int, before: _Override | None) -> _Override:
        """Read a long-name or pax header into what it says about the next entry."""
        override = before or _Override()
        self._budget.entry()
        if size > _META_BYTES:
            raise Malformed(f"extended header of {size:,} bytes")
        body = bytes(self._source.peek(size))
        if type_ == ord("L"):
            override.name = body.partition(b"\0")[0]
        elif type_ == ord("K"):
            override.link = body.partition(b"\0")[0]
        elif type_ in b"xX":
            _read_pax(body, override)
        if self._source.skip((size + 511) & -BLOCK) > (-size & 511):
            raise Malformed("tar is cut short in an extended header")
        return override


def _read_pax(body: bytes, override: _Override) -> None:
    """Take path, link, size and sparseness from records ``LENGTH KEY=VALUE\\n``."""
    position = 0
    while position < len(body):
        digits, space, _ = body[position : position + 12].partition(b" ")
        if not space or not digits.isdigit() or int(digits) <= len(digits) + 1:
            # some writers pad with zero bytes; nothing after them counts
            return
        key, _, value = body[position + len(digits) + 1 : position + int(digits) - 1].partition(b"=")
        if key == b"path":
            override.name = value
        elif key == b"linkpath":
            override.link = value
        elif key == b"size":
            override.size = _pax_size(value)
        elif key.startswith(b"GNU.sparse."):
            override.sparse = True
            if key == b"GNU.sparse.name":
                override.name = value
        position += int(digits)


def _pax_size(value: bytes) -> int:
    if not value.isdigit() or len(value) > 20:
        raise Malformed("pax size is not a number")
    return int(value)


def _prefixed(header: bytes, name: bytes) -> bytes:
    """A name with what stands before it; GNU's magic is "ustar  ", and keeps times where POSIX keeps the prefix."""
    return header[345:500].partition(b"\0")[0] + b"/" + name if header[257:263] == b"ustar\0" else name


def _verified_size(header: bytes) -> int:
    """The size field of a header whose checksum is right."""
    try:
        # six digits, a zero byte and a space; Rust's writers have seven digits
        expected = int(header[148:154], 8) if header[154] <= 32 else _number(header[148:156])
    except ValueError:
        expected = _number(header[148:156])
    # Adler-32's low half is 1 + the sum of all bytes; the checksum counts its own eight as spaces
    if (adler32(header) & 0xFFFF) != (expected - 255 + sum(header[148:156])) % _ADLER and not _signed_sum_is(
        header, expected
    ):
        raise Malformed("tar header has a wrong checksum")
    try:
        size = int(header[124:135], 8) if header[135] <= 32 else _number(header[124:136])
    except ValueError:
        size = _number(header[124:136])
    if size < 0:
        raise Malformed("tar header has a negative size")
    return size


def _signed_sum_is(header: bytes, expected: int) -> bool:
    """Whether the sum fits when bytes count as signed, as some old writers did."""
    sums = (byte - 256 if byte > 127 else byte for byte in header[:148] + b" " * 8 + header[156:])
    return sum(sums) == expected


def _number(field: bytes) -> int:
    """A number field: octal digits, or base 256 when its first bit is set (GNU)."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40:
            raise Malformed("tar header has a negative number")
        return value
    digits = field.partition(b"\0")[0].strip()
    if digits.strip(b"01234567"):
        raise Malformed("tar header has a field that is no number")
    return int(digits or b"0", 8)
