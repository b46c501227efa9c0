"""Tar as every writer writes it: v7, ustar, GNU and pax, read header by header over mapped or inflated bytes.

Where what stands in a header is said in ``tar_header``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from isal.isal_zlib import adler32

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.distant import Distant
from surveyor.scan.tree.entry import PROGRAM_BYTES, Blob, Entry, Kind, Names, Tally, Wanted, is_program
from surveyor.scan.tree.names import clean
from surveyor.scan.tree.stream import BLOCK, Source, content_digest, form_of, source_of
from surveyor.scan.tree.tar_header import SPACE, SUMS, prefixed, size_of
from surveyor.scan.values import frozen

_UP = re.compile(rb"\.\.").search  # in one short name a fifth of what ``in`` takes
_META = frozenset(b"LKxgXN")  # headers that speak about another entry
_META_BYTES = MIB
_BODILESS = frozenset(b"123456")  # links, devices, directories, FIFOs: a size in the header means no bytes
_COMMON = frozenset(b"0\x007")
_PLAIN = _COMMON | _BODILESS
_KINDS = {ord("1"): Kind.HARDLINK, ord("2"): Kind.SYMLINK}
_DIRECTORY = ord("5")
_GNU_SPARSE = ord("S")
#: Name, last digits of the mode, digits of the size and what ends them, checksum, type, first byte of the prefix.
_FIELDS = struct.Struct("100s4x3s17x11sB12x8sB188xB166x").unpack
_DOT = ord(".")
#: Digits of a mode that lets somebody execute the file: one of them is odd.
_EXECUTABLE = frozenset(bytes(three) for three in product(b"01234567 \0", repeat=3) if any(one & 1 for one in three))
_NONE = frozenset[bytes]()
_NO_TYPE = frozenset[int]()
_WHOLE = -BLOCK  # masks a size up to whole blocks
_BATCH = 1024  # entries between two looks at the budget


@dataclass(slots=True)
class _Override:
    """What a long-name or pax header says about the entry that follows it."""

    name: bytes | None = None
    link: bytes | None = None
    size: int | None = None
    sparse: bool = False


@frozen
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
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._source = source
        self._wanted = wanted
        self._budget = budget
        self._names = names
        self._override: _Override | None = None
        #: Entries that are counted; beside them the names of folders that were passed since, and those of all others.
        self._counted = 0
        self._folders: list[bytes] = []
        self._passed: list[bytes] = []

    @property
    def entries(self) -> int:
        """How many were passed."""
        return self._counted + len(self._folders) + len(self._passed)

    @property
    def share(self) -> float:
        """How much of the layer has passed, 0..1."""
        return self._source.share

    def __iter__(self) -> Iterator[Entry]:
        try:
            while (entry := self._next()) is not None:
                yield entry
                self._skip(entry.size)
        finally:
            self._settle()

    def _next(self) -> Entry | None:  # noqa: C901, PLR0912 - a call for each entry costs as much as all that is here
        """The next wanted entry. Nothing is made or called in its loop for all that only some of them need."""
        source, passed, folders, match, sums = self._source, self._passed, self._folders, self._wanted.match, SUMS
        executable = _EXECUTABLE if self._wanted.programs else _NONE
        while True:
            if len(passed) + len(folders) >= _BATCH:
                self._count()
            buffer, position, stop = source.buffer, source.position, source.stop
            plain = _PLAIN if self._override is None else _NO_TYPE
            for _ in range(_BATCH):
                body = position + BLOCK
                header = buffer[position:body]
                if body > stop:
                    source.position = position
                    if len(header := source.block()) < BLOCK:
                        self._cut(header)
                        return None
                    buffer, body, stop = source.buffer, source.position, source.stop
                field, mode, digits, end, check, type_, prefix = _FIELDS(header)
                try:
                    size = int(digits, 8)
                except ValueError:
                    size = -1
                unusual = size < 0 or adler32(header) & 0xFFFF != sums[check] or end > SPACE
                if unusual and (size := size_of(bytes(header))) < 0:
                    source.finish()
                    return None
                if type_ not in plain:
                    source.position = body
                    if (entry := self._unusual(bytes(header), size)) is not None:
                        return entry
                    break
                name = prefixed(bytes(header)) if prefix else field.partition(b"\0")[0]
                if field[0] == _DOT and name[:2] == b"./":
                    name = name[2:]
                if type_ == _DIRECTORY:
                    folders.append(name)
                    name, size = name.rstrip(b"/"), 0
                else:
                    passed.append(name)
                    if type_ in _BODILESS:
                        size = 0
                at = name.rfind(b"/") + 1
                if at == len(name) and at:
                    size = 0  # before ustar a directory was a file with a slash at its end
                named, position = match(name, at), body + ((size + 511) & _WHOLE)
                if named or (size >= PROGRAM_BYTES and mode in executable) or position > stop:
                    source.position = body
                    if (entry := self._entry(name, bytes(header), size, named=bool(named))) is not None:
                        return entry
                    self._skip(size)
                    buffer, position, stop = source.buffer, source.position, source.stop
            else:
                source.position = position

    def _unusual(self, header: bytes, size: int) -> Entry | None:
        """Pass an entry with a long name, a pax header or a rare type, or a header that speaks of the next one."""
        type_, override = header[156], self._override
        if type_ in _META:
            self._override = self._meta(type_, size, override)
            return None
        name = prefixed(header)
        if override is not None:
            name, size = override.name or name, size if override.size is None else override.size
        if type_ == _GNU_SPARSE and header[482]:
            self._skip_sparse_maps()
        if type_ in _BODILESS or (not type_ and name.endswith(b"/")):
            size = 0
        name = name.removeprefix(b"./")
        name = self._noted(name, type_)
        named = self._wanted.match(name, name.rfind(b"/") + 1)
        entry = self._entry(name, header, size, named=bool(named))
        self._override = None
        if entry is None:
            self._skip(size)
        return entry

    def _entry(self, name: bytes, header: bytes, size: int, *, named: bool) -> Entry | None:
        """An entry that is wanted by its name, or that may be executed and begins as programs do."""
        source, type_, override = self._source, header[156], self._override
        able = self._wanted.programs and size >= PROGRAM_BYTES and type_ in _COMMON and header[104:107] in _EXECUTABLE
        program = able and is_program(source.peek(4))
        if not named and not program:
            return None
        try:
            name = clean(name)
        except Malformed:
            return None
        kind = _KINDS.get(type_, Kind.OTHER if type_ in _BODILESS else Kind.FILE)
        if type_ == _GNU_SPARSE or (override is not None and override.sparse):
            kind = Kind.OTHER  # its stored bytes are not the file's
        return Entry(
            name=name,
            kind=kind,
            size=size,
            target=(override.link if override else None) or header[157:257].partition(b"\0")[0],
            peek=source.peek,
            mapped=source.mapped,
            place=source.place(size),
            program=program and kind is Kind.FILE,
        )

    def _noted(self, name: bytes, type_: int) -> bytes:
        """Note an entry that may have a name of any length; return it without a slash at the end of a folder's."""
        if type_ == _DIRECTORY:
            self._folders.append(name)
            return name.rstrip(b"/")
        if (key := Names.key(name)) is not name and _UP(name):
            self._judge(name)  # a digest does not tell
        self._passed.append(key)
        return name

    def _skip(self, size: int) -> None:
        """Pass what an entry holds; without its last padding a tar is still whole: umoci writes layers so."""
        if size and self._source.skip((size + 511) & -BLOCK) > (-size & 511):
            raise Malformed(f"tar is cut short inside entry {self.entries:,}")

    def _cut(self, header: bytes | memoryview) -> None:
        """The bytes end without an end marker."""
        if header:
            raise Malformed(f"tar is cut short in a header after entry {self.entries:,}")
        self.unmarked = True

    def _count(self) -> None:
        """Draw on the budget for what was passed."""
        if count := self._settle():
            self._budget.entry(count)

    def _settle(self) -> int:
        """Count what was passed, and keep the names that can hide something below; returns how many there were."""
        passed, folders = self._passed, self._folders
        count = len(passed) + len(folders)
        for names in (passed, folders):
            if b".." in b"\0".join(names):
                for name in filter(_UP, names):
                    self._judge(name)
        if self._names is not None:
            self._names.add(passed)
            if not self._names.fits(count):
                self._names = None
        self._counted += count
        passed.clear()
        folders.clear()
        return count

    def _judge(self, name: bytes) -> None:
        """Count a name that leads out of the tree, wanted or not; no entry of such a name is ever read."""
        try:
            clean(name)
        except Malformed:
            self.climbing.add(name)

    def _skip_sparse_maps(self) -> None:
        while len(block := self._source.block()) == BLOCK and block[504]:
            self._budget.entry()

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
