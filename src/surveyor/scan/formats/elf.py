"""ELF programs and shared libraries (System V gABI 4.1, chapters 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats.layout import Part, at_address, cut, unpack
from surveyor.scan.limits import MIB

MAGIC = b"\x7fELF"
EXECUTABLE, SHARED = 2, 3
LOAD, DYNAMIC, INTERPRETER, NOTE = 1, 2, 3, 4
GNU_STACK, GNU_RELRO = 0x6474E551, 0x6474E552
SECTION_NOBITS = 8
_SECTION_WRITABLE, _SECTION_EXECUTABLE = 1, 4
_SEGMENT_EXECUTABLE, _SEGMENT_WRITABLE = 1, 2
_SECTIONS, _SEGMENTS = 8192, 512
#: Names of sections of one program; real ones have some hundred bytes.
_NAMES = MIB
_NAME = 64
#: A count that does not fit stands in the first section instead.
_ELSEWHERE = 0xFFFF

_ARCHES = {3: "386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv"}


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one class and byte order write their tables."""

    header: Struct
    segment: Struct
    section: Struct


def _layout(order: str, bits: int) -> _Layout:
    word = "Q" if bits == 64 else "I"
    return _Layout(
        header=Struct(f"{order}HHI{word * 3}IHHHHHH"),
        segment=Struct(f"{order}II6Q" if bits == 64 else f"{order}8I"),
        section=Struct(f"{order}II{word * 4}II{word * 2}"),
    )


_LAYOUTS = {(order, bits): _layout(order, bits) for order in "<>" for bits in (32, 64)}


@dataclass(frozen=True, slots=True)
class _Table:
    """Where rows of one kind stand, all within the file: a row every ``stride`` bytes."""

    rows: memoryview
    stride: int

    def read(self, layout: Struct) -> list[tuple[int, ...]]:
        """Every row's numbers."""
        return [layout.unpack_from(self.rows, at) for at in range(0, len(self.rows), self.stride)]


_NOTHING = _Table(memoryview(b""), 1)
#: The rows and the bytes that hold the names.
_Sections = tuple[_Table, bytes]


class Elf:
    """A program's headers; ``order`` is ``<`` or ``>``. No sections where their table is stripped or damaged.

    Not ``whole`` where that table, which linkers write last, lies behind the end of the file.

    Tables are checked when the program is read and their rows made into parts when somebody asks for them: most who
    look at a program want one section, which is not there.
    """

    form = "elf"
    __slots__ = (
        *("_layout", "_section_table", "_sections", "_segment_table", "_segments", "_strings"),
        *("arch", "bits", "data", "kind", "order", "whole"),
    )

    def __init__(
        self,
        data: memoryview,
        kind: int,
        machine: int,
        layout: _Layout,
        segments: _Table,
        sections: _Sections,
        *,
        whole: bool,
    ) -> None:
        self.data = data
        self.whole = whole
        self.bits = data[4] * 32
        self.order = "<>"[data[5] - 1]
        self.kind = kind
        self.arch = _arch(machine, self.bits, self.order)
        self._layout = layout
        self._segment_table = segments
        self._section_table, self._strings = sections
        self._segments: tuple[Part, ...] | None = None
        self._sections: tuple[Part, ...] | None = None

    @property
    def segments(self) -> tuple[Part, ...]:
        """All segments, in the order of their table."""
        if self._segments is None:
            row = _segment64 if self.bits == 64 else _segment32
            self._segments = tuple(map(row, self._segment_table.read(self._layout.segment)))
        return self._segments

    @property
    def sections(self) -> tuple[Part, ...]:
        """All sections, in the order of their table."""
        if self._sections is None:
            rows = self._section_table.read(self._layout.section)
            self._sections = tuple(_section(fields, self._strings) for fields in rows)
        return self._sections

    @property
    def is_stripped(self) -> bool:
        """Whether nothing says where its sections are."""
        return not self._strings

    @property
    def is_debug(self) -> bool:
        """Whether it only has what a debugger needs to know of a program that lies elsewhere, and none of its code."""
        if b".symtab\0" not in self._strings:
            return False
        code = [part for part in self.sections if part.executable]
        return bool(code) and all(part.kind == SECTION_NOBITS for part in code)

    @property
    def loaded(self) -> tuple[Part, ...]:
        """The parts that a loader maps."""
        return tuple(part for part in self.segments if part.kind == LOAD)

    def part(self, name: str) -> Part | None:
        """The first section of this name that has bytes in the file."""
        if (name.encode() + b"\0") not in self._strings:
            return None
        return next((part for part in self.sections if part.name == name and part.kind != SECTION_NOBITS), None)

    def section(self, name: str) -> memoryview | None:
        """The bytes of a section; raises when they are not all in the file."""
        part = self.part(name)
        return None if part is None else cut(self.data, part.offset, part.size)

    def at(self, address: int, size: int) -> memoryview:
        """Bytes by their address in memory."""
        return at_address(self.loaded, self.data, address, size)


def read(data: memoryview) -> Elf:
    """The headers of a program or shared library; raises for objects and core dumps, which are neither."""
    if len(data) < 16 or data[:4] != MAGIC or data[4] not in (1, 2) or data[5] not in (1, 2):
        raise Malformed("ELF header is damaged")
    bits, order = data[4] * 32, "<>"[data[5] - 1]
    layout = _LAYOUTS[order, bits]
    kind, machine, _, _, phoff, shoff, _, _, phsize, phnum, shsize, shnum, names = unpack(layout.header, data, 16)
    if kind not in (EXECUTABLE, SHARED):
        raise Unsupported("ELF file is neither a program nor a shared library")
    if phnum == _ELSEWHERE:
        phnum = unpack(layout.section, data, shoff)[7]
    segments = _table(layout.segment, data, phoff, phsize, phnum, _SEGMENTS, "segments")
    sections = _sections(data, layout, shoff, shsize, shnum, names)
    whole = not shoff or shoff + shsize * max(shnum, 1) <= len(data)
    return Elf(data, kind, machine, layout, segments, sections, whole=whole)


def _arch(machine: int, bits: int, order: str) -> str:
    """The name that Go and containers use."""
    name = _ARCHES.get(machine, f"elf-{machine}")
    if name == "riscv" or (name == "mips" and bits == 64):
        name += str(bits)
    return name + "le" if order == "<" and name.startswith(("mips", "ppc")) else name


def _table(layout: Struct, data: memoryview, offset: int, stride: int, count: int, most: int, what: str) -> _Table:
    if not count or not offset:
        return _NOTHING
    if count > most:
        raise LimitExceeded(f"program has {count:,} {what}, {most:,} are read")
    if stride < layout.size:
        raise Malformed(f"program has {what} headers of {stride} bytes")
    return _Table(cut(data, offset, stride * count), stride)


def _segment64(fields: tuple[int, ...]) -> Part:
    kind, flags, offset, address, _, size, room, _ = fields
    return _segment(kind, flags, offset, address, size, room)


def _segment32(fields: tuple[int, ...]) -> Part:
    kind, offset, address, _, size, room, flags, _ = fields
    return _segment(kind, flags, offset, address, size, room)


def _segment(kind: int, flags: int, offset: int, address: int, size: int, room: int) -> Part:
    return Part(
        name="",
        kind=kind,
        offset=offset,
        address=address,
        size=size,
        room=room,
        writable=bool(flags & _SEGMENT_WRITABLE),
        executable=bool(flags & _SEGMENT_EXECUTABLE),
    )


def _sections(data: memoryview, layout: _Layout, offset: int, stride: int, count: int, names: int) -> _Sections:
    """The table of sections and their names. A loader needs none: one that leads out of the file is as good as none."""
    if not offset or stride < layout.section.size or offset + stride > len(data):
        return _NOTHING, b""
    first = layout.section.unpack_from(data, offset)
    count = count or first[5]
    names = first[6] if names == _ELSEWHERE else names
    if offset + stride * count > len(data) or names >= count:
        return _NOTHING, b""
    table = _table(layout.section, data, offset, stride, count, _SECTIONS, "sections")
    start, size = layout.section.unpack_from(data, offset + names * stride)[4:6]
    return table, bytes(data[start : start + min(size, _NAMES)])


def _section(fields: tuple[int, ...], strings: bytes) -> Part:
    name, kind, flags, address, offset, size = fields[:6]
    end = strings.find(b"\0", name, name + _NAME)
    return Part(
        name=strings[name:end].decode("ascii", "replace") if end > name else "",
        kind=kind,
        offset=offset,
        address=address,
        size=size,
        writable=bool(flags & _SECTION_WRITABLE),
        executable=bool(flags & _SECTION_EXECUTABLE),
    )
