"""Programs and shared libraries of any format, told by their first bytes and read by the format's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from surveyor.scan.errors import Unsupported
from surveyor.scan.formats import elf, elf_dynamic, macho, pe

#: How many of a file's first bytes tell what it is.
HEAD = 64
#: Where what tells programs from other files of their format ends.
_ELF_KIND, _MACHO_KIND, _FAT_COUNT = 18, 16, 8

Program = elf.Elf | pe.Pe | macho.MachO


def form(head: bytes) -> str | None:
    """``elf``, ``pe`` or ``mach-o`` by the first ``HEAD`` bytes; nothing for objects, core dumps and everything else.

    One that ends before it says which of these it is may have been any, and reading tells that it is cut.
    What begins as a DOS program is taken for ``pe`` where it is long enough to say where its second header is: only
    reading tells.
    """
    magic = head[:4]
    if magic == elf.MAGIC:
        kind = head[16:18] if head[5:6] == b"\x01" else head[17:18] + head[16:17]
        return "elf" if kind in (b"\x02\0", b"\x03\0") or len(head) < _ELF_KIND else None
    if magic in macho.THIN:
        order: Literal["big", "little"] = "big" if macho.THIN[magic][1] == ">" else "little"
        made = int.from_bytes(head[12:16], order)
        return "mach-o" if made in macho.PROGRAMS or len(head) < _MACHO_KIND else None
    if magic in macho.FAT:
        return "mach-o" if 0 < int.from_bytes(head[4:8], "big") <= macho.FAT_SLICES or len(head) < _FAT_COUNT else None
    return "pe" if magic[:2] == pe.MAGIC and len(head) >= HEAD and any(head[60:64]) else None


def programs(data: memoryview) -> Iterator[tuple[int, Program]]:
    """The programs that a file holds, with their offsets: one, or each slice of a universal one.

    Nothing for a file that is no program, one for DOS, or one without its code, for debuggers; raises where it is one
    and damaged.
    """
    match form(bytes(data[:HEAD])):
        case "elf":
            found = elf.read(data)
            if not found.is_debug:
                yield 0, found
        case "pe":
            try:
                yield 0, pe.read(data)
            except Unsupported:
                return
        case "mach-o" if bytes(data[:4]) in macho.FAT:
            for offset, part in macho.slices(data):
                if form(bytes(part[:HEAD])):
                    yield offset, macho.read(part)
        case "mach-o":
            yield 0, macho.read(data)


def libraries(program: Program) -> tuple[str, ...]:
    """The libraries that a program loads, as it names them."""
    match program:
        case elf.Elf():
            found = elf_dynamic.dynamic(program)
            return found.needed if found else ()
        case pe.Pe():
            return pe.libraries(program)
        case macho.MachO():
            return program.libraries


def identity(program: Program) -> str:
    """The name that a library has for those that link to it; nothing where it has none."""
    match program:
        case elf.Elf():
            found = elf_dynamic.dynamic(program)
            return found.soname if found else ""
        case macho.MachO():
            return program.name
        case pe.Pe():
            return ""


def is_whole(program: Program) -> bool:
    """Whether the file goes on to where the program says that its parts end, and was not cut short before."""
    if isinstance(program, elf.Elf):
        return program.whole
    return all(part.offset + part.size <= len(program.data) for part in program.loaded)
