"""The B-trees of APFS, and the object map that says in which block the newest state of an object lies.

Read by Apple File System Reference (2020-06-22), chapters "B-Trees" and "Object Maps". All numbers are little endian.
Keys grow from the front of a node, values from its end, where a root keeps what holds for the whole tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate
from struct import Struct, unpack
from typing import Any

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.device import Device, exactly

#: Flags, level, number of keys, start and size of the table of contents.
_NODE = Struct("<HHIHH")
_HEAD = 56
_ROOT, _LEAF, _FIXED = 1, 2, 4
_INFO = 40
#: Flags, and the sizes of keys and values where all are equal.
_INFO_HEAD = Struct("<I4xII")
_PHYSICAL = 0x10
_FIXED_ENTRY, _ENTRY = Struct("<HH"), Struct("<HHHH")
_LEVELS = 16
_CACHED = 64
_MOST = 10_000  # nodes that are visited for one file
_MODULUS = 0xFFFFFFFF
_DELETED = 1

#: A key as something to compare, a tuple that begins with whole numbers.
Order = Callable[[memoryview], tuple[Any, ...]]


class Blocks:
    """A container's blocks by number."""

    def __init__(self, device: Device, size: int) -> None:
        self.device = device
        self.size = size

    def read(self, number: int, what: str) -> memoryview:
        """One block."""
        return exactly(self.device, number * self.size, self.size, what)


def is_whole(block: memoryview) -> bool:
    """Whether an object's checksum is right (Fletcher's, over numbers of 32 bits)."""
    words = unpack(f"<{len(block) // 4 - 2}I", block[8:])
    first, second = sum(words) % _MODULUS, sum(accumulate(words)) % _MODULUS
    low = _MODULUS - (first + second) % _MODULUS
    high = _MODULUS - (first + low) % _MODULUS
    return bool(int.from_bytes(block[:8], "little") == high << 32 | low)


class Node:
    """One node; keys and values are found when they are asked for."""

    __slots__ = ("_data", "_end", "_keys", "_toc", "count", "fixed", "level", "physical", "sizes")

    def __init__(self, data: memoryview, sizes: tuple[int, int] | None, what: str) -> None:
        flags, self.level, self.count, start, size = _NODE.unpack_from(data, 32)
        self.physical, self.sizes = False, sizes
        self._data, self._toc, self._end = data, _HEAD + start, len(data)
        self._keys = self._toc + size
        if flags & _ROOT:
            self._end -= _INFO
            info, *lengths = _INFO_HEAD.unpack_from(data, self._end)
            self.physical, self.sizes = bool(info & _PHYSICAL), (lengths[0], lengths[1])
        self.fixed = bool(flags & _FIXED)
        entry = _FIXED_ENTRY if self.fixed else _ENTRY
        if self.count * entry.size > size or self._keys > self._end or bool(flags & _LEAF) is not (self.level == 0):
            raise Malformed(f"{what} has a damaged node")
        if self.level > _LEVELS or (self.fixed and self.sizes is None):
            raise Malformed(f"{what} has a damaged node")

    def key(self, number: int) -> memoryview:
        """A key."""
        if self.fixed:
            start, _ = _FIXED_ENTRY.unpack_from(self._data, self._toc + 4 * number)
            size = self.sizes[0] if self.sizes else 0
        else:
            start, size, _, _ = _ENTRY.unpack_from(self._data, self._toc + 8 * number)
        start += self._keys
        if start + size > self._end:
            raise Malformed("key lies outside its node")
        return self._data[start : start + size]

    def value(self, number: int) -> memoryview:
        """What belongs to a key."""
        if self.fixed:
            _, back = _FIXED_ENTRY.unpack_from(self._data, self._toc + 4 * number)
            size = 8 if self.level else self.sizes[1] if self.sizes else 0
        else:
            _, _, back, size = _ENTRY.unpack_from(self._data, self._toc + 8 * number)
        start = self._end - back
        if start < self._keys or start + size > self._end:
            return self._data[:0]  # an entry without a value says that there is none
        return self._data[start : start + size]

    def child(self, number: int) -> int:
        """The object number of a node below; behind it hashed trees keep a hash."""
        value = self.value(number)
        if len(value) < 8:
            raise Malformed("node without the number of one below it")
        return int.from_bytes(value[:8], "little")

    def last(self, order: Order, wanted: tuple[Any, ...]) -> int:
        """The last key that is not above the wanted one, -1 when there is none."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if order(self.key(middle)) <= wanted:
                low = middle + 1
            else:
                high = middle
        return low - 1


class Tree:
    """One B-tree; ``locate`` says in which block a node lies whose number is not that of its block."""

    def __init__(
        self, blocks: Blocks, root: int, locate: Callable[[int], int] | None, order: Order, budget: Budget, what: str
    ) -> None:
        self._blocks = blocks
        self._order = order
        self._budget = budget
        self._what = what
        self._sizes: tuple[int, int] | None = None
        self._locate: Callable[[int], int] | None = None
        self._root = Node(blocks.read(locate(root) if locate else root, what), None, what)
        self._sizes = self._root.sizes
        self._locate = None if self._root.physical else locate
        self._node = lru_cache(_CACHED)(self._read)

    def records(self) -> Iterator[tuple[memoryview, memoryview]]:
        """All records in the order of their keys; a node met twice is a loop."""
        yield from self._below(self._root, set())

    def find(self, wanted: tuple[Any, ...]) -> Iterator[tuple[memoryview, memoryview]]:
        """The records from the last one that is not above the wanted key; as many nodes as a file may need."""
        left = iter(range(_MOST))
        yield from self._from(self._root, wanted, left)

    def _below(self, node: Node, seen: set[int]) -> Iterator[tuple[memoryview, memoryview]]:
        if not node.level:
            for number in range(node.count):
                yield node.key(number), node.value(number)
            return
        for number in range(node.count):
            at = node.child(number)
            if at in seen:
                raise Malformed(f"{self._what} has nodes that hold each other")
            seen.add(at)
            yield from self._below(self._inside(node, self._read(at)), seen)

    def _from(
        self, node: Node, wanted: tuple[Any, ...], left: Iterator[int]
    ) -> Iterator[tuple[memoryview, memoryview]]:
        if next(left, None) is None:
            raise Malformed(f"{self._what} has nodes without end")
        first = max(0, node.last(self._order, wanted))
        for number in range(first, node.count):
            if not node.level:
                yield node.key(number), node.value(number)
            else:
                yield from self._from(self._inside(node, self._node(node.child(number))), wanted, left)

    def _inside(self, node: Node, child: Node) -> Node:
        if child.level != node.level - 1:
            raise Malformed(f"{self._what} has nodes that hold each other")
        return child

    def _read(self, number: int) -> Node:
        self._budget.check_time()
        block = self._locate(number) if self._locate else number
        return Node(self._blocks.read(block, self._what), self._sizes, self._what)


class ObjectMap:
    """Where the objects of a container, or of a volume, lie at one moment."""

    def __init__(self, blocks: Blocks, block: int, moment: int, budget: Budget, what: str) -> None:
        head = blocks.read(block, what)
        self._moment = moment
        self._what = what
        self._tree = Tree(blocks, int.from_bytes(head[48:56], "little"), None, _order, budget, what)

    def locate(self, number: int) -> int:
        """The block of an object, as new as it was then."""
        for key, value in self._tree.find((number, self._moment)):
            if _order(key)[0] == number and len(value) >= 16 and not value[0] & _DELETED:
                return int.from_bytes(value[8:16], "little")
            break
        raise Malformed(f"{self._what} does not know an object that is needed")


def _order(key: memoryview) -> tuple[int, int]:
    return int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
