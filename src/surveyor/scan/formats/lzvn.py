"""LZVN, Apple's fast dictionary coder: opcodes of one to three bytes, literals behind them, then a match.

Opcodes as the reference decoder of the LZFSE project names them; L literals, a match of M bytes from D back:
``LLMMMDDD DDDDDDDD`` small D, ``LLMMM110`` the D before, ``LLMMM111`` D in two bytes, ``101LLMMM`` medium D,
``1110LLLL`` literals alone, ``1111MMMM`` a match alone. About 20 MB/s of output where matches are long.
"""

from __future__ import annotations

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.window import repeat

_END = 0x06
_NOTHING = frozenset({0x0E, 0x16})
_UNDEFINED = frozenset({0x1E, 0x26, 0x2E, 0x36, 0x3E, *range(0x70, 0x80), *range(0xD0, 0xE0)})


def decode(data: memoryview, size: int, before: bytearray | None = None) -> bytearray:
    """At most ``size`` bytes more behind those ``before``, which matches may reach; raises when the data is damaged."""
    out = bytearray() if before is None else before
    stop, source = len(out) + size, bytes(data)
    position = distance = 0
    try:
        while len(out) < stop:
            literals, match, distance, position = _opcode(source, position, distance)
            if literals < 0:
                break
            if literals:
                if position + literals > len(source):
                    raise Malformed("LZVN data is cut short")
                out += source[position : position + literals]
                position += literals
            if match:
                repeat(out, distance, match)
    except IndexError as error:
        raise Malformed("LZVN data is cut short") from error
    del out[stop:]
    return out


def _opcode(source: bytes, at: int, distance: int) -> tuple[int, int, int, int]:
    """Literals (-1 at the end), match, distance, and where what follows begins."""
    code = source[at]
    if code >= 0xE0:
        low = code & 15
        count, at = (low, at + 1) if low else (source[at + 1] + 16, at + 2)
        return (count, 0, distance, at) if code < 0xF0 else (0, count, distance, at)
    if 0xA0 <= code < 0xC0:
        pair = source[at + 1] | source[at + 2] << 8
        return (code >> 3) & 3, ((code & 7) << 2 | pair & 3) + 3, pair >> 2, at + 3
    if code == _END:
        return -1, 0, distance, at
    if code in _NOTHING:
        return 0, 0, distance, at + 1
    if code in _UNDEFINED:
        raise Malformed("LZVN data has an opcode that does not exist")
    literals, match, low = code >> 6, (code >> 3 & 7) + 3, code & 7
    if low == 6:
        return literals, match, distance, at + 1
    if low == 7:
        return literals, match, source[at + 1] | source[at + 2] << 8, at + 3
    return literals, match, low << 8 | source[at + 1], at + 2
