"""Writes archives that hold themselves: what a deflate stream says is the file that it stands in.

The stream is a program of two instructions, copy these bytes (a stored block) and repeat those (matches in a block of
fixed codes), each ``_UNIT`` bytes long, so that instructions can be data of others; after Russ Cox, "Zip Files All The
Way Down". The checksum of the whole, which is a part of the whole, is linear in its bits and found by elimination.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

_UNIT = 10
_NOTHING = b"\0\0\0\xff\xff"  # an empty stored block
_LAST = b"\1\0\0\xff\xff"
#: Lengths of matches by the extra bits of their codes: the code, the first length and how many.
_LENGTHS = [(257 + at, at + 3, 0) for at in range(8)]
_LENGTHS += [(265 + at, 11 + 2 * at, 1) for at in range(4)]
_LENGTHS += [(269 + at, 19 + 4 * at, 2) for at in range(4)] + [(273 + at, 35 + 8 * at, 3) for at in range(4)]


class _Bits:
    """Bits, the lowest of a byte first."""

    def __init__(self) -> None:
        self.text = ""

    def number(self, value: int, count: int) -> None:
        self.text += f"{value:0{count}b}"[::-1] if count else ""

    def code(self, value: int, count: int) -> None:
        self.text += f"{value:0{count}b}"

    def finish(self) -> bytes:
        return bytes(int(self.text[at : at + 8][::-1], 2) for at in range(0, len(self.text), 8))


def _copy(count: int) -> bytes:
    """The instruction to copy what follows."""
    return _NOTHING + b"\0" + struct.pack("<HH", count, count ^ 0xFFFF)


@cache
def _repeat(count: int) -> bytes:
    """The instruction to repeat the last bytes, at most 128 of them: empty blocks fill it up to its size."""
    extra = next(bits for bits, end in enumerate((4, 8, 16, 32, 64, 128)) if count <= end)
    for blocks in range(1, 8):
        for matches in _split(count, 8 * _UNIT - 10 * blocks, 12 + extra):
            out = _Bits()
            for _ in range(blocks - 1):
                out.number(2, 3)  # a block of fixed codes that ends at once
                out.code(0, 7)
            out.number(2, 3)
            for match in matches:
                _match(out, match, count)
            out.code(0, 7)
            return out.finish()
    raise ValueError(count)


def _split(count: int, bits: int, each: int) -> Iterator[list[int]]:
    """Lengths of matches that are so long together and take so many bits."""
    if not count and not bits:
        yield []
    for _, first, extra in reversed(_LENGTHS):
        length = min(first + (1 << extra) - 1, count)
        if length >= first and bits >= each + extra:
            for rest in _split(count - length, bits - each - extra, each):
                yield [length, *rest]
            shorter = min(length, max(first, count - 3))
            if shorter < length:
                for rest in _split(count - shorter, bits - each - extra, each):
                    yield [shorter, *rest]


def _match(out: _Bits, length: int, distance: int) -> None:
    code, first, extra = next(row for row in reversed(_LENGTHS) if row[1] <= length)
    out.code(code - 256, 7)
    out.number(length - first, extra)
    width = max((distance - 1).bit_length() - 2, 0)
    base = 2 * width + (distance - 1 >> width) if width else distance - 1
    out.code(base, 5)
    out.number((distance - 1) & ((1 << width) - 1), width)


def _program(before: bytes, behind: bytes) -> bytes:
    """A file that begins and ends so, and whose stream between says all of it."""
    first, last = len(before) + _UNIT, len(behind) + _UNIT
    four = _copy(4 * _UNIT)
    again, one = _repeat(4 * _UNIT), _copy(_UNIT)
    return b"".join(
        [
            *(before, _copy(first), before, _copy(first), _repeat(first)),
            *(one, _repeat(first), one, one),
            *(four, _repeat(first), one, one, four, again),
            *(four, again, four, again, four, again),
            *(four, again, _copy(0), _copy(0), _copy(last), again),
            *(_copy(0), _copy(0), _copy(last), _repeat(last), behind, _repeat(last), behind),
        ]
    )


def _checked(made: Callable[[int], bytes]) -> bytes:
    """The file made with the checksum that it has: the value at which nothing is left of their difference."""
    rest = zlib.crc32(made(0))
    rows = [(zlib.crc32(made(1 << bit)) ^ rest ^ 1 << bit, 1 << bit) for bit in range(32)]
    value = 0
    for bit in reversed(range(32)):
        pivot = next((row for row in rows if row[0] >> bit & 1), None)
        if pivot is None:
            continue
        rows = [
            (row[0] ^ pivot[0], row[1] ^ pivot[1]) if row[0] >> bit & 1 else row for row in rows if row is not pivot
        ]
        if rest >> bit & 1:
            rest, value = rest ^ pivot[0], value ^ pivot[1]
    if rest:
        raise ValueError("no checksum fits: choose another name")
    return made(value)


def gzip() -> bytes:
    """A gzip file of itself."""
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    size = len(_program(head, bytes(13)))
    return _checked(lambda check: _program(head, _LAST + struct.pack("<II", check, size)))


def zip(name: bytes = b"q.zip") -> bytes:  # noqa: A001 - as the format is called
    """A zip archive with itself as its only member."""
    tail = len(_LAST) + 46 + len(name) + 22
    size = len(_program(bytes(30 + len(name)), bytes(tail)))
    packed = size - 30 - len(name) - tail + len(_LAST)

    def made(check: int) -> bytes:
        entry = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, packed, size, len(name), 0)
        central = b"PK\1\2\x14\0" + entry + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), size - 22 - len(central), 0)
        return _program(b"PK\3\4" + entry + name, _LAST + central + end)

    return _checked(made)
