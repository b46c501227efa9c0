"""POSIX names, links and modes in the system use areas of ISO 9660 directory records.

Read by the System Use Sharing Protocol (IEEE P1281, draft 1.12) and the Rock Ridge Interchange Protocol (IEEE P1282,
draft 1.12). ``ZF`` tells of a file packed with zisofs, as Linux reads it (its documentation of ``isofs``).
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.iso9660 import RECORD_BYTES

#: What one record may have in continuation areas: more than a name and a target of the longest path that POSIX knows.
_CONTINUED = 16 << 10
_AREAS = 32
_CDXA = 14
_SHARED = b"SP\x07\x01\xbe\xef"
_RARE = frozenset({b"SL", b"CL", b"RE", b"ZF", b"SF"})
_NOT_A_NAME = 0x06  # "." or ".."
_COMPONENTS = {0x02: b".", 0x04: b".."}
_ROOT, _CONTINUES = 0x08, 0x01


@dataclass(slots=True)
class Extra:
    """What the fields of one record say.

    ``child`` is the block of a directory that was moved away and belongs here, ``moved`` marks its other place;
    ``unpacked`` is the size of a zisofs file when it is unpacked.
    """

    name: bytes | None = None
    mode: int = 0
    target: bytes | None = None
    joined: bool = False
    child: int | None = None
    moved: bool = False
    unpacked: int | None = None
    sparse: bool = False


def skip_of(record: bytes) -> int | None:
    """How many bytes stand before the fields of every record, by the root directory's own; nothing: no Rock Ridge."""
    for at in (RECORD_BYTES + 1, RECORD_BYTES + 1 + _CDXA):
        field = record[at : at + 7]
        if len(field) == 7 and field.startswith(_SHARED):
            return field[6] + at - RECORD_BYTES - 1
    return None


class RockRidge:
    """The fields of one disc, whose logical blocks are of so many bytes; ``skip`` bytes stand before them."""

    __slots__ = ("_block", "_data", "_skip")

    def __init__(self, data: memoryview, block: int, skip: int) -> None:
        self._data = data
        self._block = block
        self._skip = skip

    def read(self, record: bytes, name_bytes: int) -> Extra:
        """The fields of a record; raises when they go on without end or outside the disc."""
        extra, total = Extra(), 0
        continued = _fields(record, RECORD_BYTES + name_bytes + (1 - name_bytes % 2) + self._skip, extra)
        for _ in range(_AREAS):
            if continued is None:
                return extra
            block, offset, size = continued
            start = block * self._block + offset
            area = bytes(self._data[start : start + min(size, _CONTINUED)])
            total += size
            if len(area) < min(size, _CONTINUED):
                raise Malformed("Rock Ridge fields lie outside the disc")
            if total > _CONTINUED:
                break
            continued = _fields(area, 0, extra)
        raise Malformed("Rock Ridge fields go on without end")


def _fields(area: bytes, position: int, extra: Extra) -> tuple[int, int, int] | None:
    """Take the fields of one area; returns block, offset and size of the next area when there is one."""
    continued: tuple[int, int, int] | None = None
    stop = len(area) - 3
    while position < stop:
        kind, size = area[position : position + 2], area[position + 2]
        end = position + size
        if size < 4 or kind == b"ST" or end > len(area):
            break  # padding, the terminator, or a field that is cut
        if kind == b"NM":
            if size > 4 and not area[position + 4] & _NOT_A_NAME:
                extra.name = (extra.name or b"") + area[position + 5 : end]
        elif kind == b"PX":
            extra.mode = int.from_bytes(area[position + 4 : position + 8], "little")
        elif kind == b"CE":
            if size >= 28:
                continued = unpack_from("<I4xI4xI", area, position + 4)
        elif kind in _RARE:
            _rare(kind, area[position + 4 : end], extra)
        position = end
    return continued


def _rare(kind: bytes, field: bytes, extra: Extra) -> None:
    if kind == b"SL":
        _link(field, extra)
    elif kind == b"CL":
        extra.child = int.from_bytes(field[:4], "little")
    elif kind == b"RE":
        extra.moved = True
    elif kind == b"SF":
        extra.sparse = True
    elif field[:2] in {b"pz", b"PZ"}:
        extra.unpacked = int.from_bytes(field[4:8] if field[:2] == b"pz" else field[4:12], "little")


def _link(field: bytes, extra: Extra) -> None:
    """Add the components of one SL field to the target that earlier ones began."""
    position, target = 1, extra.target or b""
    while position + 2 <= len(field):
        flags, size = field[position], field[position + 1]
        text = _COMPONENTS.get(flags & 0x06) or field[position + 2 : position + 2 + size]
        if flags & _ROOT:
            target = b"/"
        else:
            target += text if extra.joined or not target or target == b"/" else b"/" + text
        extra.joined = bool(flags & _CONTINUES)
        position += 2 + size
    extra.target = target
