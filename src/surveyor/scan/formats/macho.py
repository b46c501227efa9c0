"""Mach-O programs, thin and universal (Apple's mach-o/loader.h and fat.h)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.layout import Part, at_address, cut, name_at, unpack
from surveyor.scan.values import frozen

#: Magic → bits and byte order.
THIN = {
    b"\xfe\xed\xfa\xce": (32, ">"),
    b"\xce\xfa\xed\xfe": (32, "<"),
    b"\xfe\xed\xfa\xcf": (64, ">"),
    b"\xcf\xfa\xed\xfe": (64, "<"),
}
#: Magic → how it writes one slice: CPU, its subtype, offset, size, alignment.
FAT = {b"\xca\xfe\xba\xbe": Struct(">5I"), b"\xca\xfe\xba\xbf": Struct(">IIQQII")}
#: A Java class has the same magic and its version, 45 at least, where a universal program counts its slices.
FAT_SLICES = 30
EXECUTE = 2
#: What is loaded to run: also libraries, the loader itself, bundles and kernel extensions. Objects, core dumps and the
#: companions that hold debugging information are something else.
PROGRAMS = frozenset({EXECUTE, 6, 7, 8, 11})
PIE, ALLOW_STACK_EXECUTION = 0x200000, 0x20000
_SEGMENT, _SEGMENT_64 = 0x1, 0x19
_ID_DYLIB, _RPATH, _CODE_SIGNATURE, _BUILD_VERSION, _SYMTAB = 0xD, 0x8000001C, 0x1D, 0x32, 0x2
_LOAD_DYLIB = frozenset({0xC, 0x80000018, 0x8000001F, 0x20, 0x80000023})
_PLATFORM_COMMANDS = {0x24: "macos", 0x25: "ios", 0x2F: "tvos", 0x30: "watchos"}
_PLATFORMS = {1: "macos", 2: "ios", 3: "tvos", 4: "watchos", 6: "mac-catalyst", 7: "ios-simulator", 11: "visionos"}
_COMMANDS, _SECTIONS, _LIBRARIES = 4096, 4096, 1024
_WRITE, _EXECUTE_ALLOWED = 2, 4
_ZEROFILL = frozenset({0x1, 0xC, 0x12})
_ARCHES = {
    7: "386",
    0x1000007: "amd64",
    12: "arm",
    0x100000C: "arm64",
    0x200000C: "arm64_32",
    18: "ppc",
    0x1000012: "ppc64",
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one class and byte order write their commands; segments end with what follows their sixteen-byte name."""

    header: Struct
    command: Struct
    segment: Struct
    section: Struct
    two: Struct
    four: Struct


def _layout(bits: int, order: str) -> _Layout:
    word = "Q" if bits == 64 else "I"
    return _Layout(
        header=Struct(f"{order}6I"),
        command=Struct(f"{order}II"),
        segment=Struct(f"{order}{word * 4}4I"),
        section=Struct(f"{order}{word * 2}7I" + ("I" if bits == 64 else "")),
        two=Struct(f"{order}II"),
        four=Struct(f"{order}IIII"),
    )


_LAYOUTS = {kind: _layout(*kind) for kind in THIN.values()}


@frozen
class MachO:
    """A program's load commands. ``sections`` are named ``SEGMENT,section``; ``signature`` is where the code's is.

    ``platform`` is what it was built for; ``strings`` hold the names of symbols.
    """

    data: memoryview
    bits: int
    order: str
    kind: int
    flags: int
    arch: str
    segments: tuple[Part, ...]
    sections: tuple[Part, ...]
    libraries: tuple[str, ...]
    name: str = ""
    rpaths: tuple[str, ...] = ()
    platform: str = ""
    signature: tuple[int, int] | None = None
    strings: tuple[int, int] | None = None
    form: str = "mach-o"

    @property
    def loaded(self) -> tuple[Part, ...]:
        """The parts that a loader maps."""
        return self.segments

    def part(self, name: str) -> Part | None:
        """The first section of this name that has bytes in the file."""
        return next((part for part in self.sections if part.name == name and part.kind not in _ZEROFILL), None)

    def section(self, name: str) -> memoryview | None:
        """The bytes of a section; raises when they are not all in the file."""
        part = self.part(name)
        return None if part is None else cut(self.data, part.offset, part.size)

    def at(self, address: int, size: int) -> memoryview:
        """Bytes by their address in memory."""
        return at_address(self.segments, self.data, address, size)


def slices(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The thin programs of a universal one, with their offsets; libraries of objects among them are left out."""
    layout = FAT[bytes(data[:4])]
    (count,) = unpack(Struct(">I"), data, 4)
    if count > FAT_SLICES:
        raise LimitExceeded(f"universal program has {count:,} slices, over {FAT_SLICES}")
    taken: list[tuple[int, int]] = []
    for number in range(count):
        _, _, offset, size, *_ = unpack(layout, data, 8 + number * layout.size)
        if any(offset < end and start < offset + size for start, end in taken):
            raise Malformed("slices of a universal program share the same bytes")
        taken.append((offset, offset + size))
        part = cut(data, offset, size)
        if bytes(part[:4]) in THIN:
            yield offset, part


@dataclass(slots=True)
class _Draft:
    """What the commands have said so far."""

    segments: list[Part]
    sections: list[Part]
    libraries: list[str]
    rpaths: list[str]
    name: str = ""
    platform: str = ""
    signature: tuple[int, int] | None = None
    strings: tuple[int, int] | None = None


def read(data: memoryview) -> MachO:
    """The load commands of one thin program."""
    found = THIN.get(bytes(data[:4]))
    if found is None:
        raise Malformed("Mach-O header is damaged")
    bits, order = found
    layout = _LAYOUTS[found]
    cpu, _, kind, count, size, flags = unpack(layout.header, data, 4)
    if count > _COMMANDS:
        raise LimitExceeded(f"program has {count:,} load commands, {_COMMANDS:,} are read")
    start = 32 if bits == 64 else 28
    commands = cut(data, start, size)
    draft = _Draft([], [], [], [])
    at = 0
    for _ in range(count):
        command, length = unpack(layout.command, commands, at)
        if length < 8:
            raise Malformed(f"load command of {length} bytes")
        _take(draft, layout, command, cut(commands, at, length))
        at += length
    return MachO(
        data=data,
        bits=bits,
        order=order,
        kind=kind,
        flags=flags,
        arch=_ARCHES.get(cpu, f"mach-o-{cpu}"),
        segments=tuple(draft.segments),
        sections=tuple(draft.sections),
        libraries=tuple(draft.libraries),
        rpaths=tuple(draft.rpaths),
        name=draft.name,
        platform=draft.platform,
        signature=draft.signature,
        strings=draft.strings,
    )


def _take(draft: _Draft, layout: _Layout, command: int, body: memoryview) -> None:
    if command in (_SEGMENT, _SEGMENT_64):
        _segment(draft, layout, body)
    elif command in _LOAD_DYLIB:
        if len(draft.libraries) >= _LIBRARIES:
            raise LimitExceeded(f"program loads more than {_LIBRARIES:,} libraries")
        draft.libraries.append(_text(layout, body))
    elif command == _ID_DYLIB:
        draft.name = _text(layout, body)
    elif command == _RPATH:
        draft.rpaths.append(_text(layout, body))
    elif command == _CODE_SIGNATURE:
        draft.signature = _pair(layout, body)
    elif command == _SYMTAB:
        _, _, offset, size = unpack(layout.four, body, 8)
        draft.strings = (offset, size)
    elif command == _BUILD_VERSION:
        platform, _ = _pair(layout, body)
        draft.platform = _PLATFORMS.get(platform, str(platform))
    elif command in _PLATFORM_COMMANDS:
        draft.platform = _PLATFORM_COMMANDS[command]


def _pair(layout: _Layout, body: memoryview) -> tuple[int, int]:
    first, second = unpack(layout.two, body, 8)
    return first, second


def _text(layout: _Layout, body: memoryview) -> str:
    """A string of a command, which says where in it that begins."""
    return name_at(body, unpack(layout.command, body, 4)[1], 1024)


def _segment(draft: _Draft, layout: _Layout, body: memoryview) -> None:
    address, room, offset, size, _, allowed, count, _ = unpack(layout.segment, body, 24)
    name = name_at(body[8:24], 0, 16)
    if len(draft.sections) + count > _SECTIONS:
        raise LimitExceeded(f"program has more than {_SECTIONS:,} sections")
    writable, executable = bool(allowed & _WRITE), bool(allowed & _EXECUTE_ALLOWED)
    draft.segments.append(Part(name, address, offset, size, room, 0, writable, executable))
    stride = 32 + layout.section.size
    for number in range(count):
        at = 24 + layout.segment.size + number * stride
        where, length, start, _, _, _, kind, *_ = unpack(layout.section, body, at + 32)
        own = name_at(body[at : at + 16], 0, 16)
        holder = name_at(body[at + 16 : at + 32], 0, 16)
        draft.sections.append(Part(f"{holder},{own}", where, start, length, 0, kind & 0xFF, writable, executable))
