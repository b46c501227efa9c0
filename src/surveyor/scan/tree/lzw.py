"""Decoder of what ``compress`` writes, the ``.Z`` of old Unix (ncompress 4.2, ``compress42.c``).

Codes of 9 to 16 bits, the lowest bit first, eight of one width together: when the width changes, the rest of the eight
is passed over. Nothing marks the end, and there is no checksum: a cut shows in what is inside only.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import MIB, Budget

_CHUNK = MIB
_FIRST_WIDTH, _WIDEST = 9, 16
_RESERVED, _BLOCKS = 0x60, 0x80  # of the third byte, beside the widest code: nobody's bits, and that tables are cleared
_CLEAR = 256
_BYTES = [bytes((value,)) for value in range(256)]
#: Bytes of all strings of a table. A run of one byte makes strings as long as itself, together.
_HELD = 32 * MIB


def uncompress(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """The one stream of a file, in chunks of at most 1 MiB."""
    out, produced = bytearray(), 0
    for strings, position in _strings(data):
        out += strings
        while len(out) >= _CHUNK:
            produced += _CHUNK
            budget.inflate(_CHUNK, consumed=position, total=produced)
            yield bytes(out[:_CHUNK])
            del out[:_CHUNK]
    budget.inflate(len(out), consumed=len(data), total=produced + len(out))
    if out:
        yield bytes(out)


def _strings(data: memoryview) -> Iterator[tuple[bytes, int]]:
    """What each eight codes stand for, and where the next ones begin."""
    table = _Table(data[2] if len(data) > 2 else 0)
    position = 3
    while position < len(data):
        group = bytes(data[position : position + table.width])
        position += table.width
        yield table.take(group), position


class _Table:
    """The strings that codes stand for, as the decoder learns them: each is the last one and a byte of the next."""

    def __init__(self, settings: int) -> None:
        self._widest = settings & 0x1F
        if settings & _RESERVED or not _FIRST_WIDTH <= self._widest <= _WIDEST:
            raise Malformed("compress data is damaged: its header says nothing that can be")
        self._clears = bool(settings & _BLOCKS)
        self._clear()

    def _clear(self) -> None:
        self.width = _FIRST_WIDTH
        self._strings = [*_BYTES, b""] if self._clears else [*_BYTES]
        self._last = b""
        self._held = 0

    def take(self, group: bytes) -> bytes:
        """What these codes stand for, up to one after which codes are wider."""
        out, bits, width, strings = bytearray(), int.from_bytes(group, "little"), self.width, self._strings
        mask, most, full = (1 << width) - 1, 1 << width, 1 << self._widest
        for _ in range(8 * len(group) // width):
            code, bits = bits & mask, bits >> width
            if code == _CLEAR and self._clears:
                self._clear()
                return bytes(out)
            last, free = self._last, len(strings)
            if code > free or (code == free and (not last or free == full)):
                raise Malformed("compress data is damaged: a code stands for nothing yet")
            string = strings[code] if code < free else last + last[:1]
            if last and free < full:
                strings.append(last + string[:1])
                self._hold(len(last))
            out += string
            self._last = string
            if len(strings) >= most and width < self._widest:
                self.width += 1
                break
        return bytes(out)

    def _hold(self, count: int) -> None:
        self._held += count
        if self._held > _HELD:
            raise LimitExceeded(f"compress data needs more than {_HELD:,} bytes of memory")
