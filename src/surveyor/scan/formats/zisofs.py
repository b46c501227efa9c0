"""Files that were packed block by block on a disc (zisofs version 1).

Read by the "zisofs Format" of libisofs (doc/zisofs_format.txt): a header, then a table of where each packed block
begins, and one more for the end; an empty block is zeros.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import unpack_from

from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.limits import Budget

_MAGIC = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07"
_MAGIC2 = b"\xef\x22\x55\xa1\xbc\x1b\x95\xa0"
_BLOCKS = range(15, 18)  # 32 to 128 KiB, as binary logarithms


def blocks(data: memoryview, budget: Budget, count: int) -> Iterator[bytes]:
    """The first bytes of what was packed, ``count`` of them or a few more; raises when they are damaged or missing."""
    size, table, block = _header(data)
    for at in range(0, min(count, size), block):
        entry = table + at // block * 4
        if entry + 8 > len(data):
            raise Malformed("zisofs block table is cut short")
        start, end = unpack_from("<II", data, entry)
        expected = min(block, size - at)
        if not table <= start <= end <= len(data):
            raise Malformed("zisofs block lies outside its file")
        budget.inflate(expected, consumed=end, total=at + expected)
        yield _block(data[start:end], expected) if end > start else bytes(expected)


def _header(data: memoryview) -> tuple[int, int, int]:
    """Unpacked size, start of the table, and bytes of a block."""
    head = bytes(data[:16])
    if head[:8] == _MAGIC2:
        raise Unsupported("zisofs version 2 is not read yet")
    if head[:8] != _MAGIC or len(head) < 16:
        raise Malformed("zisofs file has no header")
    if head[12] < 4 or head[13] not in _BLOCKS:
        raise Malformed("zisofs header is damaged")
    return int.from_bytes(head[8:12], "little"), head[12] << 2, 1 << head[13]


def _block(packed: memoryview, expected: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        chunk = inflater.decompress(packed, expected)
    except zlib.error as error:
        raise Malformed(f"zisofs block is damaged: {error}") from error
    if len(chunk) != expected:
        raise Malformed("zisofs block is cut short")
    return chunk
