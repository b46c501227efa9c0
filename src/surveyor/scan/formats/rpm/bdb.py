"""Berkeley DB hash databases, as RPM's ``Packages`` is one (Berkeley DB 4 to 5.3, dbinc/db_page.h).

Page 0 describes the file; hash pages hold offsets of items, a key and its value in turn; what is longer than a page
stands on a chain of overflow pages. A page of a chain is used once, so that a file costs no more than its size.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import MIB

_HASH, _BTREE = 0x061561, 0x053162
_HEAD = 26  # of every page
_PAGES = frozenset({2, 13})  # hash pages, unsorted as old versions write them and sorted
_OVERFLOW = 7
_KEY, _OFFPAGE = 1, 3
_VALUE = 32 * MIB


def is_bdb(data: memoryview) -> bool:
    """Whether the file is of Berkeley DB, a hash or a tree."""
    magic = bytes(data[12:16])
    return any(int.from_bytes(magic, order) in {_HASH, _BTREE} for order in ("little", "big"))


class Values:
    """One pass over the values. Those that could not be read are counted in ``lost``; ``why`` says the first."""

    def __init__(self, data: memoryview) -> None:
        if len(data) < 512 or not is_bdb(data):
            raise Malformed("Berkeley DB file without its header")
        self.lost = 0
        self.why = ""
        self._data = data
        self._order = ">" if int.from_bytes(data[12:16], "big") in {_HASH, _BTREE} else "<"
        if self._number(12, 4) != _HASH:
            raise Unsupported("Berkeley DB file that is no hash")
        if data[24]:
            raise Unsupported("Berkeley DB file is encrypted")
        self._size = self._number(20, 4)
        if not 512 <= self._size <= 65536 or self._size & (self._size - 1):
            raise Malformed(f"Berkeley DB page size is {self._size:,}")
        self._seen: set[int] = set()

    def __iter__(self) -> Iterator[memoryview]:
        for start in range(self._size, len(self._data) - self._size + 1, self._size):
            if self._data[start + 25] in _PAGES:
                yield from self._page(start)
        last = self._number(32, 4)
        if (last + 1) * self._size > len(self._data):
            self._lose(f"Berkeley DB file is cut short: it has {last + 1:,} pages of {self._size:,} bytes")

    def _number(self, at: int, width: int) -> int:
        return int.from_bytes(self._data[at : at + width], "little" if self._order == "<" else "big")

    def _page(self, start: int) -> Iterator[memoryview]:
        """The values of one hash page: every second item, which ends where the item before it begins."""
        count = self._number(start + 20, 2)
        if _HEAD + 2 * count > self._size:
            self._lose("Berkeley DB page is damaged")
            return
        offsets = [self._number(start + _HEAD + 2 * index, 2) for index in range(count)]
        # items fill a page from its end: who breaks the order shares bytes with another
        if sorted(offsets, reverse=True) != offsets or not all(_HEAD <= one < self._size for one in offsets):
            self._lose("Berkeley DB page is damaged")
            return
        for index in range(1, count, 2):
            first, end = offsets[index], offsets[index - 1]
            try:
                yield self._item(start + first, end - first)
            except (Malformed, LimitExceeded) as error:
                self._lose(str(error))

    def _item(self, at: int, size: int) -> memoryview:
        kind = self._data[at] if size else 0
        if kind == _KEY:
            return self._data[at + 1 : at + size]
        if kind != _OFFPAGE or size < 12:
            raise Malformed("Berkeley DB item is of no known kind")
        return self._chain(self._number(at + 4, 4), self._number(at + 8, 4))

    def _chain(self, number: int, total: int) -> memoryview:
        """A long value, page after page."""
        if total > _VALUE:
            raise LimitExceeded(f"Berkeley DB value of {total:,} bytes")
        whole = bytearray()
        while len(whole) < total:
            start = number * self._size
            if number in self._seen or not number or start + self._size > len(self._data):
                raise Malformed("Berkeley DB value leads to a page that is not there or used twice")
            self._seen.add(number)
            used = self._number(start + 22, 2)
            if self._data[start + 25] != _OVERFLOW or not 0 < used <= self._size - _HEAD:
                raise Malformed("Berkeley DB value leads to a page of another kind")
            whole += self._data[start + _HEAD : start + _HEAD + used]
            number = self._number(start + 16, 4)
        return memoryview(whole)[:total]

    def _lose(self, why: str) -> None:
        self.lost += 1
        self.why = self.why or why
