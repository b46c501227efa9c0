"""The B-trees of HFS Plus: the catalog of names, the extents that did not fit, the attributes of files.

Read by Apple's Technical Note TN1150, "B-Trees". A node's records are found by offsets that grow from its end; leaves
are chained, and a chain longer than the tree has nodes is a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from struct import Struct

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.device import Device, exactly

#: Next node, kind, height, number of records.
_NODE = Struct(">I4xbBH2x")
#: Root node, first leaf, bytes of a node, nodes.
_HEADER = Struct(">2xI4xI4xH2xI")
_LEAF, _INDEX, _HEAD = -1, 0, 1
_DEPTH = 16
_CACHED = 32  # nodes of at most 32 KiB

#: One record: its key without the length before it, and what belongs to it.
Record = tuple[memoryview, memoryview]


class Tree:
    """One B-tree in its file. Who asks compares keys, by ``below``: whether one is not above what is wanted."""

    def __init__(self, file: Device, budget: Budget, what: str) -> None:
        self._file = file
        self._budget = budget
        self._what = what
        head = exactly(file, 0, 14 + _HEADER.size, what)
        if _NODE.unpack_from(head)[1] != _HEAD:
            raise Malformed(f"{what} has no header")
        self._root, self._first, self._size, self._count = _HEADER.unpack_from(head, 14)
        if not 512 <= self._size <= 32768 or self._size & (self._size - 1):
            raise Malformed(f"{what} has nodes of {self._size:,} bytes")
        self._count = min(self._count, len(file) // self._size)
        self._node = lru_cache(_CACHED)(self._read)

    def leaves(self) -> Iterator[list[Record]]:
        """The records of all leaves, in the order of their keys, leaf by leaf."""
        number, seen = self._first, 0
        while number:
            seen += 1
            if seen > self._count:
                raise Malformed(f"{self._what} has leaves that follow each other in a circle")
            kind, following, records = self._read(number)
            if kind != _LEAF:
                raise Malformed(f"{self._what} has another node where a leaf belongs")
            yield records
            number = following

    def find(self, below: Callable[[memoryview], bool]) -> Iterator[Record]:
        """The records from the last one that is ``below`` or equal to what is wanted, in the order of their keys."""
        number = self._root
        for _ in range(_DEPTH):
            if not number:
                return
            kind, following, records = self._node(number)
            at = _last(records, below)
            if kind == _LEAF:
                yield from records[max(0, at) :]
                if following:
                    yield from self._node(following)[2]
                return
            if at < 0 or len(records[at][1]) < 4:
                return
            number = int.from_bytes(records[at][1][:4], "big")
        raise Malformed(f"{self._what} is deeper than any can be")

    def _read(self, number: int) -> tuple[int, int, list[Record]]:
        """Kind, next node and records of a node."""
        self._budget.check_time()
        if number >= self._count:
            raise Malformed(f"{self._what} names a node that it does not have")
        size = self._size
        data = exactly(self._file, number * size, size, self._what)
        following, kind, _, count = _NODE.unpack_from(data)
        if kind not in (_LEAF, _INDEX) or 14 + 2 * (count + 1) > size:
            raise Malformed(f"{self._what} has a damaged node")
        offsets = Struct(f">{count + 1}H").unpack_from(data, size - 2 * (count + 1))[::-1]
        records: list[Record] = []
        for start, end in pairwise(offsets):
            if not 14 <= start <= end - 2 or end > size:
                raise Malformed(f"{self._what} has a damaged node")
            key = start + 2 + (data[start] << 8 | data[start + 1])
            if key > end:
                raise Malformed(f"{self._what} has a key that lies outside its node")
            records.append((data[start + 2 : key], data[key + (key & 1) : end]))
        return kind, following, records


def _last(records: list[Record], below: Callable[[memoryview], bool]) -> int:
    """The last record whose key is below or equal, -1 when none is."""
    low, high = 0, len(records)
    while low < high:
        middle = (low + high) // 2
        if below(records[middle][0]):
            low = middle + 1
        else:
            high = middle
    return low - 1
