"""What Go's linker writes into every program: the Go version and the modules it was built from (runtime/debug's
BuildInfo; the two encodings as debug/buildinfo of the standard library reads them).
"""

from __future__ import annotations

from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.elf import Elf
from surveyor.scan.formats.layout import Part, cut, find, unpack
from surveyor.scan.formats.macho import MachO
from surveyor.scan.formats.pe import Pe
from surveyor.scan.formats.program import Program
from surveyor.scan.limits import MIB
from surveyor.scan.values import frozen

_MAGIC = b"\xff Go buildinf:"
_ALIGN, _HEADER = 16, 32
_BIG_ENDIAN, _INLINE = 0x1, 0x2
#: Each side of the module text carries a marker of sixteen bytes.
_MARKER = 16
_VERSION, _MODULES = 4096, 4 * MIB
#: How far data without a section of its own is searched; Go's linker puts its header at the beginning.
_SEARCHED = 64 * MIB


@frozen
class GoBuild:
    """``version`` such as ``go1.22.1``; ``modules`` lines of tab-separated fields, none of programs without modules.

    ``offset`` is where the header lies in the program.
    """

    version: str
    modules: str
    offset: int


def go_build(program: Program) -> GoBuild | None:
    """The build information of a Go program; nothing for any other, raises where it is damaged."""
    for part in _places(program):
        # the header is aligned in memory
        start = part.offset + (-part.address % _ALIGN)
        view = program.data[start : start + min(part.size, _SEARCHED)]
        at = find(view, _MAGIC, align=_ALIGN)
        if at >= 0:
            return _decode(program, view, at, start + at)
    return None


def is_go(program: Program) -> bool:
    """Whether the program has the table of functions that only Go's linker writes in a section of its own."""
    if isinstance(program, Elf):
        return bool(program.part(".gopclntab") or program.part(".data.rel.ro.gopclntab"))
    return any(part.name.endswith(",__gopclntab") for part in program.sections)


def _places(program: Program) -> list[Part]:
    """The section that is for it; without sections, or where the format has none of its own, the writable data."""
    match program:
        case Elf():
            own = program.part(".go.buildinfo")
            data = [part for part in program.loaded if part.writable] if program.is_stripped else []
            return [own] if own else data
        case MachO():
            own = program.part("__DATA,__go_buildinfo") or program.part("__DATA_CONST,__go_buildinfo")
            data = [part for part in program.segments if part.name == "__DATA"] if is_go(program) else []
            return [own] if own else data
        case Pe():
            return [part for part in program.sections if part.name == ".data"]


def _decode(program: Program, view: memoryview, at: int, offset: int) -> GoBuild:
    header = bytes(cut(view, at, _HEADER))
    if header[15] & _INLINE:
        version, after = _inline(view, at + _HEADER, _VERSION)
        modules, _ = _inline(view, after, _MODULES)
    else:
        version, modules = _pointed(program, header)
    text = modules[_MARKER:-_MARKER] if len(modules) > 2 * _MARKER and modules[-_MARKER - 1 :][:1] == b"\n" else b""
    return GoBuild(version=version.decode("utf-8", "replace"), modules=text.decode("utf-8", "replace"), offset=offset)


def _inline(view: memoryview, at: int, limit: int) -> tuple[bytes, int]:
    """A string behind its length, an unsigned varint; and where the next begins. Since Go 1.18."""
    size = shift = 0
    while True:
        byte = cut(view, at, 1)[0]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
        if shift > 28:
            raise Malformed("Go build information has a damaged length")
    if size > limit:
        raise LimitExceeded(f"Go build information of {size:,} bytes")
    return bytes(cut(view, at, size)), at + size


def _pointed(program: Program, header: bytes) -> tuple[bytes, bytes]:
    """Two strings by pointers to their headers, in the program's own byte order and word size. Before Go 1.18."""
    size, order = header[14], ">" if header[15] & _BIG_ENDIAN else "<"
    if size not in (4, 8):
        raise Malformed(f"Go build information has pointers of {size} bytes")
    pair = Struct(order + ("QQ" if size == 8 else "II"))
    base = program.base if isinstance(program, Pe) else 0
    strings = []
    for pointer, limit in zip(unpack(pair, memoryview(header), 16), (_VERSION, _MODULES), strict=True):
        address, length = unpack(pair, program.at(pointer - base, pair.size), 0) if pointer else (base, 0)
        if length > limit:
            raise LimitExceeded(f"Go build information of {length:,} bytes")
        strings.append(bytes(program.at(address - base, length)) if length else b"")
    return strings[0], strings[1]
