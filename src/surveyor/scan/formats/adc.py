"""ADC, Apple Data Compression, as the oldest compressed disk images use it: runs of bytes, and matches two or three
bytes long, told by the two highest bits of each first byte.
"""

from __future__ import annotations

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.window import repeat


def decode(data: memoryview, size: int) -> bytes:
    """At most ``size`` bytes; raises when the data is damaged."""
    out = bytearray()
    position, end = 0, len(data)
    try:
        while position < end and len(out) < size:
            first = data[position]
            if first & 0x80:
                count = (first & 0x7F) + 1
                out += data[position + 1 : position + 1 + count]
                position += 1 + count
            elif first & 0x40:
                repeat(out, (data[position + 1] << 8 | data[position + 2]) + 1, (first & 0x3F) + 4)
                position += 3
            else:
                repeat(out, ((first & 3) << 8 | data[position + 1]) + 1, (first >> 2) + 3)
                position += 2
    except IndexError as error:
        raise Malformed("ADC data is cut short") from error
    return bytes(out[:size])
