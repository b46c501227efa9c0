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
SECTION_NOTE, SECTION_NOBITS = 7, 8
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Elf:
    """A program's headers; ``order`` is ``<`` or ``>``. No sections where their table is stripped or damaged."""

    data: memoryview
    bits: int
    order: str
    kind: int
    arch: str
    segments: tuple[Part, ...]
    sections: tuple[Part, ...]
    form: str = "elf"

    @property
    def loaded(self) -> tuple[Part, ...]:
        """The parts that a loader maps."""
        return tuple(part for part in self.segments if part.kind == LOAD)

    def section(self, name: str) -> memoryview | None:
        """The bytes of a section; raises when they are not all in the file."""
        for part in self.sections:
            if part.name == name and part.kind != SECTION_NOBITS:
                return cut(self.data, part.offset, part.size)
        return None

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
    return Elf(
        data=data,
        bits=bits,
        order=order,
        kind=kind,
        arch=_arch(machine, bits, order),
        segments=tuple(map(_segment64 if bits == 64 else _segment32, segments)),
        sections=_sections(data, layout, shoff, shsize, shnum, names),
    )


def _arch(machine: int, bits: int, order: str) -> str:
    """The name that Go and containers use."""
    name = _ARCHES.get(machine, f"elf-{machine}")
    if name == "riscv" or (name == "mips" and bits == 64):
        name += str(bits)
    return name + "le" if order == "<" and name.startswith(("mips", "ppc")) else name


def _table(
    layout: Struct, data: memoryview, offset: int, stride: int, count: int, most: int, what: str
) -> list[tuple[int, ...]]:
    if not count or not offset:
        return []
    if count > most:
        raise LimitExceeded(f"program has {count:,} {what}, {most:,} are read")
    if stride < layout.size:
        raise Malformed(f"program has {what} headers of {stride} bytes")
    table = cut(data, offset, stride * count)
    return [layout.unpack_from(table, at) for at in range(0, len(table), stride)]


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


def _sections(data: memoryview, layout: _Layout, offset: int, stride: int, count: int, names: int) -> tuple[Part, ...]:
    """The sections; a loader needs none, so that a table that leads out of the file is as good as stripped."""
    if not offset or stride < layout.section.size or offset + stride > len(data):
        return ()
    first = layout.section.unpack_from(data, offset)
    count = count or first[5]
    names = first[6] if names == _ELSEWHERE else names
    if offset + stride * count > len(data):
        return ()
    table = _table(layout.section, data, offset, stride, count, _SECTIONS, "sections")
    if names >= len(table):
        return ()
    start, size = table[names][4:6]
    strings = bytes(data[start : start + min(size, _NAMES)])
    return tuple(_section(fields, strings) for fields in table)


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
