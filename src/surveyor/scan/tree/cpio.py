"""cpio archives, one after another: newc and crc, odc, old binary of both byte orders, and what RPM strips of it.

Layouts: newc and crc by Linux, "initramfs buffer format"; odc by POSIX.1-1997 pax, "cpio interchange format"; binary
by cpio(5). RPM writes ``07070X`` where files may be larger than newc can say: of such an entry only the number of the
file in the package's header is left (rpm, lib/cpio.c).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from stat import S_ISLNK, S_ISREG
from struct import unpack

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import PROGRAM_BYTES, Blob, Entry, Kind, Names, Tally, Wanted, is_program
from surveyor.scan.tree.names import clean
from surveyor.scan.tree.stream import Source, form_of, source_of
from surveyor.scan.values import frozen

_NEWC = regex(rb"07070[12][0-9A-Fa-f]{104}")
_ODC = regex(rb"070707[0-7]{70}")
_STRIPPED = regex(rb"07070X[0-9A-Fa-f]{8}")
_BINARY = {b"\xc7\x71": "<", b"\x71\xc7": ">"}
_KINDS = frozenset({1, 2, 4, 6, 8, 10, 12})  # the upper four bits of a mode
_TRAILER = b"TRAILER!!!"
_NAME = 64 << 10
_TARGET = 4096
_WAITING = 10_000
_PADDING = 64 << 10


@frozen
class Listed:
    """One file as a package's header lists it; ``size`` is that of the bytes stored with it."""

    name: bytes
    size: int
    mode: int


@dataclass(slots=True)
class _Head:
    """The head of one entry: ``length`` with its name and padding; ``align`` is what bodies are padded to.

    ``node`` is the file itself, of which this may be one of several names.
    """

    name: bytes
    mode: int
    size: int
    length: int
    align: int
    node: tuple[int, ...] | None = None


@frozen
class CpioLayer:
    """A range that holds archives, plain or compressed as a whole; ``files`` are those that stripped entries name."""

    blob: Blob
    files: Sequence[Listed] = ()
    digest: str | None = None
    place: str | None = None

    @property
    def form(self) -> str:
        """How the range is compressed."""
        return form_of(self.blob.head(16))

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> CpioWalk:  # noqa: ARG002 - hides nothing
        """Begin a pass."""
        return CpioWalk(source_of(self.blob, budget), wanted, budget, self.files)

    def vouched(self, _budget: Budget) -> bool:
        """An archive that ends without its trailer is damaged."""
        return True


def is_cpio(head: bytes) -> bool:
    """Whether bytes begin an archive that may stand alone."""
    if head[:6] in {b"070701", b"070702", b"070707"}:
        return True
    if head[:2] not in _BINARY or len(head) < 26:
        return False
    numbers = unpack(f"{_BINARY[head[:2]]}13H", head[:26])
    # two bytes of magic are few: the kind of file and the length of its name must be possible too
    return numbers[3] >> 12 in _KINDS and 1 < numbers[10] <= _TARGET


class CpioWalk:
    """One pass over archives that follow each other; ``end`` is the position behind the last, padding included."""

    def __init__(self, source: Source, wanted: Wanted, budget: Budget, files: Sequence[Listed] = ()) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self.end = source.position
        self._source = source
        self._wanted = wanted
        self._budget = budget
        self._files = files
        #: Wanted names whose bytes come with another name of the same file.
        self._waiting: dict[tuple[int, ...], list[bytes]] = {}
        self._count = 0
        self._whole = False

    def __iter__(self) -> Iterator[Entry]:
        source, match = self._source, self._wanted.match
        while head := self._head():
            if source.skip(head.length):
                raise Malformed(f"cpio is cut short in the head of entry {self.entries + 1:,}")
            if head.name == _TRAILER:
                self._waiting.clear()
                self._pass_padding()
                continue
            self._whole = False
            self.entries += 1
            self._budget.entry()
            inside = b".." not in head.name or self._judge(head.name)
            wanted = inside and match(head.name, head.name.rfind(b"/") + 1) is not None
            program = inside and self._wanted.programs and self._is_program(head)
            if wanted or program or head.node in self._waiting:
                yield from self._entry(head, wanted=wanted, program=program)
            padding = -head.size % head.align
            if source.skip(head.size + padding) > padding:
                raise Malformed(f"cpio is cut short inside entry {self.entries:,}")
        source.finish()

    def _judge(self, name: bytes) -> bool:
        try:
            clean(name)
        except Malformed:
            self.climbing.add(name)
            return False
        return True

    def _is_program(self, head: _Head) -> bool:
        able = S_ISREG(head.mode) and head.mode & 0o111 and head.size >= PROGRAM_BYTES
        return bool(able) and is_program(self._source.peek(4))

    def _entry(self, head: _Head, *, wanted: bool, program: bool) -> Iterator[Entry]:
        """The entry of one head, and those of names that have waited for its bytes."""
        source = self._source
        if S_ISREG(head.mode):
            yield from self._file(head, [head.name] if wanted or program else [], program=program)
        elif wanted and S_ISLNK(head.mode):
            target = bytes(source.peek(min(head.size, _TARGET))).partition(b"\0")[0]
            yield Entry(name=clean(head.name), kind=Kind.SYMLINK, size=0, target=target)
        elif wanted:
            yield Entry(name=clean(head.name), kind=Kind.OTHER, size=0)

    def _file(self, head: _Head, names: list[bytes], *, program: bool) -> Iterator[Entry]:
        if head.node is not None and not head.size:
            self._wait(head.node, names)
            return
        source = self._source
        for name in [*names, *(self._waiting.pop(head.node, ()) if head.node is not None else ())]:
            yield Entry(
                name=clean(name),
                kind=Kind.FILE,
                size=head.size,
                peek=source.peek,
                mapped=source.mapped,
                place=source.place(head.size),
                program=program,
            )

    def _wait(self, node: tuple[int, ...], names: list[bytes]) -> None:
        """Keep a name of a file that has several, whose bytes come with the last."""
        if names:
            self._waiting.setdefault(node, []).extend(names)
            self._count += 1
        if self._count > _WAITING:
            raise LimitExceeded(f"more than {_WAITING:,} hard links to package files")

    def _head(self) -> _Head | None:
        """What comes next; nothing at an end where no archive is begun."""
        head = bytes(self._source.peek(110))
        if found := _NEWC.match(head):
            return self._newc(found[0])
        if found := _STRIPPED.match(head):
            return self._stripped(int(found[0][6:], 16))
        if found := _ODC.match(head):
            return self._odc(found[0])
        if head[:2] in _BINARY and len(head) >= 26:
            return self._binary(unpack(f"{_BINARY[head[:2]]}13H", head[:26]))
        if self._whole:
            return None
        if not head:
            raise Malformed("cpio ends without its trailer: it is cut short")
        raise Malformed(f"cpio is damaged behind entry {self.entries:,}")

    def _newc(self, head: bytes) -> _Head:
        numbers = [int(head[at : at + 8], 16) for at in range(6, 110, 8)]
        node, mode, _, _, links, _, size, major, minor, _, _, length, _ = numbers
        name = self._name(110, length)
        whole = 110 + length
        shared = (major, minor, node) if links > 1 else None
        return _Head(name, mode, size, whole + -whole % 4, 4, shared)

    def _odc(self, head: bytes) -> _Head:
        fields = (head[18:24], head[59:65], head[65:76])
        mode, length, size = (int(field, 8) for field in fields)
        return _Head(self._name(76, length), mode, size, 76 + length, 1)

    def _binary(self, numbers: tuple[int, ...]) -> _Head:
        mode, length, size = numbers[3], numbers[10], numbers[11] << 16 | numbers[12]
        return _Head(self._name(26, length), mode, size, 26 + length + length % 2, 2)

    def _stripped(self, number: int) -> _Head:
        if number >= len(self._files):
            raise Malformed(f"cpio names file {number:,} of {len(self._files):,} in the package's header")
        file = self._files[number]
        return _Head(file.name, file.mode, file.size, 16, 4)

    def _name(self, start: int, length: int) -> bytes:
        if not 0 < length <= _NAME:
            raise Malformed(f"cpio entry with a name of {length:,} bytes")
        return bytes(self._source.peek(start + length)[start:]).partition(b"\0")[0]

    def _pass_padding(self) -> None:
        """Move over the zero bytes behind a trailer to whatever comes next."""
        while block := bytes(self._source.peek(_PADDING)):
            self._budget.check_time()
            zeros = len(block) - len(block.lstrip(b"\0"))
            self._source.skip(zeros)
            if zeros < len(block):
                break
        self.end = self._source.position
        self._whole = True
