"""What an ELF program tells the dynamic loader, and its notes (gABI 4.1, "Dynamic Section" and "Note Section")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.elf import DYNAMIC, NOTE, Elf
from surveyor.scan.formats.layout import cut, name_at
from surveyor.scan.limits import MIB
from surveyor.scan.values import frozen

_NULL, _NEEDED, _STRTAB, _STRSZ, _SONAME, _RPATH, _TEXTREL, _BIND_NOW, _RUNPATH, _FLAGS = (
    *(0, 1, 5, 10, 14, 15, 22, 24, 29, 30),
)
#: The section of systemd's package metadata; other notes that nothing loads are tracing points by the hundred.
PACKAGE = ".note.package"
_FLAGS_1 = 0x6FFFFFFB
_DF_TEXTREL, _DF_BIND_NOW, _DF_1_NOW, _DF_1_PIE = 0x4, 0x8, 0x1, 0x08000000
_ENTRIES, _LIBRARIES, _NOTES = 4096, 1024, 256
_STRINGS = 16 * MIB
_NOTE_BYTES = MIB
_PAIRS = {(order, bits): Struct(order + ("QQ" if bits == 64 else "II")) for order in "<>" for bits in (32, 64)}
_HEADS = {order: Struct(f"{order}III") for order in "<>"}


@frozen
class Dynamic:
    """``names`` are the bytes that hold the names of all dynamic symbols, each between zero bytes."""

    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: str = ""
    runpath: str = ""
    bind_now: bool = False
    pie: bool = False
    text_relocations: bool = False
    names: memoryview = field(default_factory=lambda: memoryview(b""))


@frozen
class Note:
    """One note: who defines it, its number there, and what it says."""

    owner: str
    kind: int
    data: memoryview


def dynamic(elf: Elf) -> Dynamic | None:
    """The dynamic section; nothing in a static program."""
    part = next((part for part in elf.segments if part.kind == DYNAMIC), None)
    if part is None:
        return None
    table = cut(elf.data, part.offset, part.size)
    pair = _PAIRS[elf.order, elf.bits]
    values: dict[int, int] = {}
    needed: list[int] = []
    for number in range(len(table) // pair.size):
        if number >= _ENTRIES or len(needed) > _LIBRARIES:
            raise LimitExceeded(f"dynamic section has more than {_ENTRIES:,} entries or {_LIBRARIES:,} libraries")
        tag, value = pair.unpack_from(table, number * pair.size)
        if tag == _NULL:
            break
        if tag == _NEEDED:
            needed.append(value)
        else:
            values[tag] = value
    return _dynamic(elf, values, needed)


def _dynamic(elf: Elf, values: dict[int, int], needed: list[int]) -> Dynamic:
    size = values.get(_STRSZ, 0)
    if size > _STRINGS:
        raise LimitExceeded(f"names of dynamic symbols take {size:,} bytes")
    names = elf.at(values[_STRTAB], size) if _STRTAB in values and size else memoryview(b"")
    flags, flags_1 = values.get(_FLAGS, 0), values.get(_FLAGS_1, 0)

    def name(tag: int) -> str:
        return name_at(names, values[tag]) if tag in values else ""

    return Dynamic(
        needed=tuple(name_at(names, at, 256) for at in needed),
        soname=name(_SONAME),
        rpath=name(_RPATH),
        runpath=name(_RUNPATH),
        bind_now=_BIND_NOW in values or bool(flags & _DF_BIND_NOW or flags_1 & _DF_1_NOW),
        pie=bool(flags_1 & _DF_1_PIE),
        text_relocations=_TEXTREL in values or bool(flags & _DF_TEXTREL),
        names=names,
    )


def notes(elf: Elf) -> Iterator[Note]:
    """The notes that are loaded, and those about the package that are not; raises where one is damaged."""
    places = [(part.offset, part.size) for part in elf.segments if part.kind == NOTE]
    package = elf.part(PACKAGE)
    if package is not None and not any(start <= package.offset < start + size for start, size in places):
        places.append((package.offset, package.size))
    left = _NOTES
    for offset, size in places:
        if size > _NOTE_BYTES:
            raise LimitExceeded(f"notes of {size:,} bytes")
        for note in _notes(cut(elf.data, offset, size), _HEADS[elf.order]):
            left -= 1
            if left < 0:
                raise LimitExceeded(f"program has more than {_NOTES} notes")
            yield note


def _notes(data: memoryview, head: Struct) -> Iterator[Note]:
    """Fields are padded to four bytes, whatever the class: only properties use eight, and those are alone."""
    at = 0
    while at + head.size <= len(data):
        owner_size, size, kind = head.unpack_from(data, at)
        start = at + head.size + (owner_size + 3 & ~3)
        if start + size > len(data):
            raise Malformed("note is cut short")
        owner = bytes(data[at + head.size : at + head.size + min(owner_size, 64)]).rstrip(b"\0")
        yield Note(owner=owner.decode("ascii", "replace"), kind=kind, data=data[start : start + size])
        at = start + (size + 3 & ~3)
