"""What the formats of programs share: parts of a file that a loader maps, and reads that stay within the file."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB

#: The longest name of a library, section or symbol that is read; longer ones are nobody's.
NAME = 4096


class Part(NamedTuple):
    """A section or segment: ``size`` bytes at ``offset`` of the program, which are at ``address`` once it is loaded.

    ``room`` is its size in memory, where that is more. ``kind`` is the format's own number for what it is. A tuple,
    since a filesystem holds a hundred thousand of them.
    """

    name: str
    address: int
    offset: int
    size: int
    room: int = 0
    kind: int = 0
    writable: bool = False
    executable: bool = False


def unpack(layout: Struct, data: memoryview, offset: int) -> tuple[int, ...]:
    """Numbers at an offset; raises when they are not all in the file."""
    if offset < 0 or offset + layout.size > len(data):
        raise Malformed(f"program points outside the file: {layout.size} bytes at {offset:,}")
    return layout.unpack_from(data, offset)


def cut(data: memoryview, offset: int, size: int) -> memoryview:
    """A range of the file; raises when it is not all there."""
    if offset < 0 or size < 0 or offset + size > len(data):
        raise Malformed(f"program points outside the file: {size:,} bytes at {offset:,}")
    return data[offset : offset + size]


def name_at(data: memoryview, offset: int, limit: int = NAME) -> str:
    """A name that ends with a zero byte, other than printable characters gone; nothing where there is none."""
    if not 0 <= offset < len(data):
        return ""
    found = bytes(data[offset : offset + limit]).partition(b"\0")[0].decode("utf-8", "backslashreplace")
    return found if found.isprintable() else "".join(char for char in found if char.isprintable())


def at_address(parts: tuple[Part, ...], data: memoryview, address: int, size: int) -> memoryview:
    """Bytes by their address in memory; raises when no part of the file holds them all."""
    for part in parts:
        inside = address - part.address
        if inside >= 0 and size >= 0 and inside + size <= part.size:
            return cut(data, part.offset + inside, size)
    raise Malformed(f"program points to {size:,} bytes at address {address:#x}, which the file does not hold")


def find(data: memoryview, needle: bytes, start: int = 0, *, align: int = 1) -> int:
    """Where some bytes begin, at a multiple of ``align`` from the start of the data; -1 where they do not.

    In steps, each a copy: a view cannot be searched.
    """
    overlap = len(needle) - 1
    while start < len(data):
        step = bytes(data[start : start + MIB + overlap])
        at = step.find(needle)
        while at >= 0:
            if not (start + at) % align:
                return start + at
            at = step.find(needle, at + 1)
        start += MIB
    return -1
