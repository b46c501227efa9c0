"""One block of LZO1X, the way every version of the library writes it.

Read by the stream format in the Linux kernel's documentation ("LZO stream format as understood by Linux's LZO
decompressor"): an instruction copies bytes from before, and its last two bits how many literals follow.
"""

from __future__ import annotations

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.window import repeat

_FAR = 16384


def decompress(packed: memoryview, limit: int) -> bytes:
    """The bytes of a block; raises when they are more than the limit, or the block is damaged or cut short."""
    try:
        return _decompress(bytes(packed), limit)
    except IndexError:
        raise Malformed("LZO block is cut short") from None


def _decompress(data: bytes, limit: int) -> bytes:
    out = bytearray()
    position = state = 0
    if data[0] > 17:
        position, state = _literals(data, 1, data[0] - 17, out), min(data[0] - 17, 4)
    while True:
        code = data[position]
        position += 1
        if code < 16 and not state:
            length, position = _length(data, position, code, 15)
            position, state = _literals(data, position, length + 3, out), 4
        else:
            length, distance, state, position = _match(data, position, code, state)
            if not distance:
                return bytes(out)
            if len(out) + length > limit:
                break  # a length may claim hundreds of times the block
            repeat(out, distance, length)
            if state:
                position = _literals(data, position, state, out)
        if len(out) > limit:
            break
    raise Malformed(f"LZO block holds more than {limit:,} bytes")


def _match(data: bytes, position: int, code: int, state: int) -> tuple[int, int, int, int]:
    """Length and distance of a copy, how many literals follow, where the instruction ends; no distance: the end."""
    if code >= 64:
        distance = (data[position] << 3) + (code >> 2 & 7) + 1
        return (code >> 5 & 1) + 3 if code < 128 else (code >> 5 & 3) + 5, distance, code & 3, position + 1
    if code < 16:
        distance = (data[position] << 2) + (code >> 2)
        return (3, distance + 2049, code & 3, position + 1) if state == 4 else (2, distance + 1, code & 3, position + 1)
    mask = 31 if code >= 32 else 7
    length, position = _length(data, position, code & mask, mask)
    word = data[position] | data[position + 1] << 8
    if code >= 32:
        distance = (word >> 2) + 1
    else:
        distance = (word >> 2) + ((code & 8) << 11)
        distance += _FAR if distance else 0
    return length + 2, distance, word & 3, position + 2


def _length(data: bytes, position: int, bits: int, mask: int) -> tuple[int, int]:
    """A length that did not fit into its bits goes on: 255 for every zero byte, then one that is not."""
    if bits:
        return bits, position
    start = position
    while not data[position]:
        position += 1
    return mask + (position - start) * 255 + data[position], position + 1


def _literals(data: bytes, position: int, count: int, out: bytearray) -> int:
    end = position + count
    if end > len(data):
        raise Malformed("LZO block is cut short")
    out += data[position:end]
    return end
