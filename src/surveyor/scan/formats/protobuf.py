"""Fields of a message of Protocol Buffers without its schema ("Encoding" of the Protocol Buffers documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded, Malformed

_FIELDS = 100_000


def fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each field in its order; numbers are given as the bytes that they are written with."""
    position, count = 0, 0
    while position < len(data):
        count += 1
        if count > _FIELDS:
            raise LimitExceeded(f"message of more than {_FIELDS:,} fields")
        tag, position = _varint(data, position)
        start = position
        match tag & 7:
            case 0:
                _, position = _varint(data, position)
            case 1:
                position += 8
            case 2:
                size, start = _varint(data, position)
                position = start + size
            case 5:
                position += 4
            case _:
                raise Malformed("message has a field of no type")
        if position > len(data):
            raise Malformed("message is cut short")
        yield tag >> 3, data[start:position]


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position
        shift += 7
    raise Malformed("message has a number without end")
