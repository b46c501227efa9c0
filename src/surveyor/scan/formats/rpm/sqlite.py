"""The rows of one table of an SQLite database (SQLite file format, sections 1.3 to 2.6), read without SQLite.

Table b-trees, their overflow pages and the frames of a write-ahead log, no more: no query, no journal, no lock. Every
page belongs to one place of one tree, so that no page is read twice and a file costs no more than its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import unpack_from

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import MIB

MAGIC = b"SQLite format 3\x00"
_WAL_MAGICS = (0x377F0682, 0x377F0683)
_LEAF, _INTERIOR = 0x0D, 0x05
_VALUE = 32 * MIB
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_NAMES = 4096  # tables and indexes of a schema
_COLUMNS = 8  # of a row; nobody asks for more
_LOST = 1000

Value = int | memoryview | None


class Pages:
    """The pages of a database by their numbers, from 1. ``reserved`` bytes at the end of each are an extension's."""

    def __init__(self, first: memoryview, size: int, found: Mapping[int, memoryview] | memoryview) -> None:
        self.size = size
        self._found = found
        reserved = first[20]
        self.usable = size - reserved
        encoding = int.from_bytes(first[56:60], "big")
        if self.usable < 480:
            raise Malformed("SQLite pages are too small")
        if encoding not in {0, 1}:
            raise Unsupported("SQLite database whose text is UTF-16")

    def page(self, number: int) -> memoryview:
        """One whole page."""
        found = self._found
        if isinstance(found, memoryview):
            page = found[(number - 1) * self.size : number * self.size] if number else found[:0]
        else:
            page = found.get(number, memoryview(b""))
        if len(page) < self.size:
            raise Malformed(f"SQLite page {number:,} is not there")
        return page


def database(data: memoryview) -> Pages:
    """The pages of a database file."""
    if bytes(data[: len(MAGIC)]) != MAGIC or len(data) < 100:
        raise Malformed("SQLite database without its header")
    return Pages(data, _page_size(int.from_bytes(data[16:18], "big")), data)


def is_log(head: bytes) -> bool:
    """Whether a file begins as a write-ahead log does."""
    return int.from_bytes(head[:4], "big") in _WAL_MAGICS


def log(data: memoryview) -> Pages:
    """The newest pages of a write-ahead log, up to the last commit; those it does not hold are in its database."""
    if len(data) < 32:
        raise Malformed("SQLite log is cut short in its header")
    size = _page_size(int.from_bytes(data[8:12], "big"))
    salts, pending = bytes(data[16:24]), dict[int, memoryview]()
    found: dict[int, memoryview] = {}
    for start in range(32, len(data) - 24 - size + 1, 24 + size):
        number, commit = unpack_from(">II", data, start)
        # frames of an earlier round have other salts: they have been written back
        if bytes(data[start + 8 : start + 16]) != salts:
            break
        pending[number] = data[start + 24 : start + 24 + size]
        if commit:
            found |= pending
            pending.clear()
    if 1 not in found:
        raise Unsupported("SQLite log holds changes only: they are not applied to its database, which is older")
    return Pages(found[1], size, found)


def _page_size(value: int) -> int:
    size = 65536 if value in {1, 65536} else value
    if not 512 <= size <= 65536 or size & (size - 1):
        raise Malformed(f"SQLite page size is {value:,}")
    return size


class Rows:
    """One pass over the rows of a table. What could not be read is counted in ``lost``, and ``why`` says the first."""

    def __init__(self, pages: Pages, seen: set[int] | None = None) -> None:
        self.lost = 0
        self.why = ""
        self._pages = pages
        self._seen: set[int] = set() if seen is None else seen

    def of(self, table: str) -> Iterator[tuple[Value, ...]]:
        """The rows of the table of this name, in the order of their keys."""
        root = 0
        for count, row in enumerate(self.below(1)):
            kind, name, _, page = (*row, None, None, None, None)[:4]
            if isinstance(page, int) and _is(kind, "table") and _is(name, table):
                root = page
            if count > _NAMES:
                raise LimitExceeded("SQLite schema is too large")
        if root < 2:
            raise Malformed(f"SQLite database has no table {table}: {self.why}" if self.why else f"no table {table}")
        yield from self.below(root)

    def below(self, root: int) -> Iterator[tuple[Value, ...]]:
        """The rows below one page, leaf by leaf."""
        pending = [root]
        while pending:
            number = pending.pop()
            try:
                page, cells, children = self._node(number)
                pending.extend(reversed(children))
            except Malformed as error:
                self._lose(error)
                continue
            yield from self._leaf(page, cells)

    def _leaf(self, page: memoryview, cells: tuple[int, ...]) -> Iterator[tuple[Value, ...]]:
        """The rows of one leaf, whose cells together fit on it."""
        room = self._pages.usable
        for cell in cells:
            try:
                row, local = self._row(page, cell, room)
            except (Malformed, LimitExceeded) as error:
                self._lose(error)
                continue
            room -= local
            yield row

    def _lose(self, error: Malformed | LimitExceeded) -> None:
        self.lost += 1
        self.why = self.why or str(error)
        if self.lost > _LOST:
            raise Malformed(f"SQLite database is damaged in more than {_LOST:,} places: {self.why}")

    def _claim(self, number: int) -> memoryview:
        if number in self._seen:
            raise Malformed(f"SQLite page {number:,} is used twice")
        self._seen.add(number)
        return self._pages.page(number)

    def _node(self, number: int) -> tuple[memoryview, tuple[int, ...], list[int]]:
        """A page of a tree with the offsets of a leaf's cells, or the children of an inner one."""
        page = self._claim(number)
        start = 100 if number == 1 else 0
        kind, count = page[start], int.from_bytes(page[start + 3 : start + 5], "big")
        head = start + (8 if kind == _LEAF else 12)
        if kind not in {_LEAF, _INTERIOR} or head + 2 * count > self._pages.usable:
            raise Malformed(f"SQLite page {number:,} is no part of a table")
        offsets: tuple[int, ...] = unpack_from(f">{count}H", page, head)
        if kind == _LEAF:
            return page, offsets, []
        if any(offset + 4 > len(page) for offset in offsets):
            raise Malformed(f"SQLite page {number:,} is damaged")
        children = [int.from_bytes(page[offset : offset + 4], "big") for offset in offsets]
        return page, (), [*children, int.from_bytes(page[start + 8 : start + 12], "big")]

    def _row(self, page: memoryview, cell: int, room: int) -> tuple[tuple[Value, ...], int]:
        payload, local = self._payload(page, cell)
        if local > room:
            raise Malformed("SQLite rows share the same bytes")
        return _record(payload), local

    def _payload(self, page: memoryview, cell: int) -> tuple[memoryview, int]:
        """The record of a leaf's cell (section 1.6), on the page and on overflow pages, and how much is on the page."""
        usable = self._pages.usable
        total, position = _varint(page, cell)
        _, position = _varint(page, position)
        if total > _VALUE:
            raise LimitExceeded(f"SQLite row of {total:,} bytes")
        local, least = total, (usable - 12) * 32 // 255 - 23
        if total > usable - 35:
            fitting = least + (total - least) % (usable - 4)
            local = fitting if fitting <= usable - 35 else least
        if position + local + (4 if local < total else 0) > usable:
            raise Malformed("SQLite row leads out of its page")
        if local == total:
            return page[position : position + total], local
        whole = bytearray(page[position : position + local])
        following = int.from_bytes(page[position + local : position + local + 4], "big")
        while len(whole) < total:
            part = self._claim(following)
            following = int.from_bytes(part[:4], "big")
            whole += part[4 : min(usable, 4 + total - len(whole))]
        return memoryview(whole), local


def _is(value: Value, text: str) -> bool:
    return isinstance(value, memoryview) and bytes(value) == text.encode()


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """A big-endian number of seven bits a byte, at most nine bytes, and where it ends."""
    value = 0
    for count in range(9):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        if count == 8:
            return value << 8 | byte, position
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position
    raise Malformed("SQLite number leads out of its page")


def _record(payload: memoryview) -> tuple[Value, ...]:
    """The columns of a record (section 2.1); fractions are of no use here and are nothing."""
    head, position = _varint(payload, 0)
    at, out = head, list[Value]()
    while position < min(head, len(payload)) and len(out) < _COLUMNS:
        kind, position = _varint(payload, position)
        width = (kind - 12) // 2 if kind >= 12 else _WIDTHS[kind] if kind < 10 else -1
        if width < 0 or at + width > len(payload):
            raise Malformed("SQLite row is damaged")
        value = payload[at : at + width]
        at += width
        if kind >= 12:
            out.append(value)
        elif kind in {0, 7}:
            out.append(None)
        else:
            out.append(kind - 8 if kind > 7 else int.from_bytes(value, "big", signed=True))
    return tuple(out)
