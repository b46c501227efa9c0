"""PE programs and libraries of Windows and .NET ("PE Format", Microsoft's specification of 2025)."""

from __future__ import annotations

from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats.layout import Part, at_address, cut, name_at, unpack
from surveyor.scan.values import frozen

MAGIC = b"MZ"
IMPORTS, RESOURCES, CERTIFICATES, LOAD_CONFIG, DELAYED, CLI = 1, 2, 4, 10, 13, 14
DLL = 0x2000
RELOCATIONS_STRIPPED = 0x1
HIGH_ENTROPY, DYNAMIC_BASE, NX_COMPATIBLE, NO_SEH, GUARD_CF = 0x20, 0x40, 0x100, 0x400, 0x4000
#: Subsystems of what firmware starts: applications, drivers, images of ROMs, and kernels that look like one of them.
EFI = range(10, 14)
_SIGNATURE = b"PE\0\0"
_PE32, _PE32_PLUS = 0x10B, 0x20B
_COFF, _SECTION, _DIRECTORY, _IMPORT, _DELAYED_IMPORT = (
    Struct("<HHIIIHH"),
    Struct("<8sIIIIIIHHI"),
    Struct("<II"),
    Struct("<5I"),
    Struct("<8I"),
)
_WRITABLE, _EXECUTABLE = 0x80000000, 0x20000000
_SECTIONS, _DIRECTORIES, _LIBRARIES = 1024, 16, 1024
_ARCHES = {0x14C: "386", 0x8664: "amd64", 0x1C0: "arm", 0x1C4: "arm", 0xAA64: "arm64", 0xEBC: "efi"}


@frozen
class Pe:
    """A program's headers. ``directories`` are address (certificates: offset) and size; ``base`` is added to no address
    here. ``characteristics`` are the file's, ``dll_characteristics`` what the loader is asked for.
    """

    data: memoryview
    bits: int
    arch: str
    characteristics: int
    dll_characteristics: int
    subsystem: int
    base: int
    sections: tuple[Part, ...]
    directories: tuple[tuple[int, int], ...]
    order: str = "<"
    form: str = "pe"

    @property
    def loaded(self) -> tuple[Part, ...]:
        """The parts that a loader maps, at addresses counted from nought."""
        return self.sections

    def part(self, name: str) -> Part | None:
        """The first section of this name."""
        return next((part for part in self.sections if part.name == name), None)

    def section(self, name: str) -> memoryview | None:
        """The bytes of a section, as far as it has any in memory; raises when they are not all in the file."""
        part = self.part(name)
        if part is None:
            return None
        return cut(self.data, part.offset, min(part.size, part.room) if part.room else part.size)

    def at(self, address: int, size: int) -> memoryview:
        """Bytes by their address in memory, counted from the base."""
        return at_address(self.sections, self.data, address, size)

    def directory(self, number: int) -> tuple[int, int] | None:
        """Address and size of a data directory; nothing where it is empty."""
        found = self.directories[number] if number < len(self.directories) else (0, 0)
        return found if found[0] and found[1] else None

    def rest(self, address: int) -> memoryview:
        """All bytes from an address to the end of what holds it."""
        for part in self.sections:
            inside = address - part.address
            if 0 <= inside < part.size:
                return self.data[part.offset + inside : part.offset + part.size]
        raise Malformed(f"program points to address {address:#x}, which the file does not hold")


def read(data: memoryview) -> Pe:
    """The headers of a program; raises for what is made for DOS or Windows before NT."""
    (start,) = unpack(Struct("<I"), data, 60)
    if data[start : start + 4] != _SIGNATURE:
        raise Unsupported("a program for DOS or a Windows before NT")
    machine, count, _, symbols, symbol_count, optional_size, characteristics = unpack(_COFF, data, start + 4)
    if count > _SECTIONS:
        raise LimitExceeded(f"program has {count:,} sections, {_SECTIONS:,} are read")
    optional = cut(data, start + 24, optional_size)
    (kind,) = unpack(Struct("<H"), optional, 0)
    if kind not in (_PE32, _PE32_PLUS):
        raise Malformed(f"optional header of kind {kind:#x}")
    wide = kind == _PE32_PLUS
    strings = data[symbols + 18 * symbol_count :] if symbols else data[:0]
    table = cut(data, start + 24 + optional_size, count * _SECTION.size)
    return Pe(
        data=data,
        bits=64 if wide else 32,
        arch=_ARCHES.get(machine, f"pe-{machine:x}"),
        characteristics=characteristics,
        dll_characteristics=unpack(Struct("<H"), optional, 70)[0],
        subsystem=unpack(Struct("<H"), optional, 68)[0],
        base=unpack(Struct("<Q" if wide else "<I"), optional, 24 if wide else 28)[0],
        sections=tuple(
            _section(_SECTION.unpack_from(table, at), strings) for at in range(0, len(table), _SECTION.size)
        ),
        directories=_directories(optional, 108 if wide else 92),
    )


def _directories(optional: memoryview, at: int) -> tuple[tuple[int, int], ...]:
    (count,) = unpack(Struct("<I"), optional, at)
    fitting = (len(optional) - at - 4) // _DIRECTORY.size
    found = (unpack(_DIRECTORY, optional, at + 4 + 8 * n) for n in range(min(count, fitting, _DIRECTORIES)))
    return tuple((address, size) for address, size in found)


def _section(fields: tuple[bytes, int, int, int, int, int, int, int, int, int], strings: memoryview) -> Part:
    raw, room, address, size, offset, *_, flags = fields
    name = raw.rstrip(b"\0").decode("utf-8", "replace")
    if name.startswith("/") and name[1:].isdecimal():
        # a name of more than eight bytes, as GNU's linker writes it
        name = name_at(strings, int(name[1:]), 256)
    return Part(
        name=name,
        address=address,
        offset=offset if size else 0,
        size=size,
        room=room,
        writable=bool(flags & _WRITABLE),
        executable=bool(flags & _EXECUTABLE),
    )


def libraries(pe: Pe) -> tuple[str, ...]:
    """The names of the libraries that it imports from, delayed ones too."""
    found = [*_libraries(pe, IMPORTS, _IMPORT, 3), *_libraries(pe, DELAYED, _DELAYED_IMPORT, 1)]
    return tuple(dict.fromkeys(name for name in found if name))


def _libraries(pe: Pe, number: int, layout: Struct, field: int) -> list[str]:
    """The names that one directory's descriptors point at, up to the descriptor of noughts."""
    directory = pe.directory(number)
    if directory is None:
        return []
    table = pe.rest(directory[0])
    found: list[str] = []
    for at in range(0, len(table) - layout.size + 1, layout.size):
        name = layout.unpack_from(table, at)[field]
        if not name:
            break
        if len(found) >= _LIBRARIES:
            raise LimitExceeded(f"program imports from more than {_LIBRARIES:,} libraries")
        found.append(name_at(pe.rest(name), 0, 256))
    return found


def certificates(pe: Pe) -> tuple[int, int] | None:
    """Offset and size of the signatures, which lie outside what is loaded; nothing when there are none."""
    return pe.directory(CERTIFICATES)
