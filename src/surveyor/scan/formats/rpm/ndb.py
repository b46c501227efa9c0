"""RPM's ndb database, ``Packages.db`` (rpm, lib/backend/ndb/rpmpkg.c): slots that say where each header lies.

A page of 4,096 bytes begins with ``RpmP``; from byte 32 on, and through all slot pages, slots of 16 bytes: ``Slot``,
the package's number, and offset and length in blocks of 16 bytes. There a header stands between ``BlbS``, number,
generation and length before it, and its checksum, length and ``BlbE`` behind. All numbers are little-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from surveyor.scan.errors import Malformed

MAGIC = b"RpmP"
_PAGE, _FIRST, _BLOCK = 4096, 32, 16
_SLOT = Struct("<4sIII")
_BLOB = Struct("<4sIII")


class Headers:
    """One pass over the headers. Those that could not be read are counted in ``lost``; ``why`` says the first."""

    def __init__(self, data: memoryview) -> None:
        if bytes(data[:4]) != MAGIC or len(data) < _FIRST:
            raise Malformed("ndb database without its header")
        if int.from_bytes(data[4:8], "little"):
            raise Malformed("ndb database of an unknown version")
        self.lost = 0
        self.why = ""
        self._data = data
        self._room = len(data)

    def __iter__(self) -> Iterator[memoryview]:
        pages = int.from_bytes(self._data[12:16], "little")
        end = min(pages * _PAGE, len(self._data))
        if not pages or pages * _PAGE > len(self._data):
            self._lose(f"ndb database is cut short inside its {pages:,} slot pages")
        seen: set[int] = set()
        for at in range(_FIRST, end - _SLOT.size + 1, _SLOT.size):
            magic, number, block, _ = _SLOT.unpack_from(self._data, at)
            if magic != b"Slot":
                self._lose(f"ndb slot at {at:,} is damaged")
            elif block and block in seen:
                self._lose("ndb slots share a header")
            elif block:
                seen.add(block)
                yield from self._blob(number, block * _BLOCK)

    def _blob(self, number: int, start: int) -> Iterator[memoryview]:
        if start + _BLOB.size > len(self._data):
            self._lose("ndb slot points outside the database")
            return
        magic, owner, _, size = _BLOB.unpack_from(self._data, start)
        first = start + _BLOB.size
        if magic != b"BlbS" or owner != number or first + size > len(self._data):
            self._lose("ndb header is damaged or cut short")
            return
        self._room -= size
        if self._room < 0:
            raise Malformed("ndb headers share the same bytes")
        yield self._data[first : first + size]

    def _lose(self, why: str) -> None:
        self.lost += 1
        self.why = self.why or why
