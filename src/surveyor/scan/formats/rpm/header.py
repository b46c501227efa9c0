"""RPM's header: an index of tagged values and the store they lie in (RPM reference manual, "RPM v4 file format").

Two big-endian counts (index entries, bytes of the store), then 16 bytes an entry (tag, type, offset in the store,
count), then the store. In a file a magic of eight bytes stands before that, in a database nothing.
"""

from __future__ import annotations

from struct import Struct, error

from surveyor.scan.errors import Malformed

#: Magic, version 1 and four reserved bytes before a header in a file.
MAGIC = b"\x8e\xad\xe8\x01\x00\x00\x00\x00"
_COUNTS = Struct(">II")
_ENTRY = Struct(">IIII")
_ENTRIES = 0xFFFF  # as rpm itself bounds them
_STRING = 64 << 10
_INT16, _INT32, _INT64 = 3, 4, 5
_STRINGS = frozenset({6, 8, 9})  # one string, several, one a language
_WIDTHS = {_INT16: ("H", 2), _INT32: ("I", 4), _INT64: ("Q", 8)}

NAME, VERSION, RELEASE, EPOCH = 1000, 1001, 1002, 1003
DISTRIBUTION, VENDOR, LICENSE, ARCH = 1010, 1011, 1014, 1022
OLD_FILE_NAMES, FILE_SIZES, FILE_MODES, FILE_DEVICES, FILE_INODES = 1027, 1028, 1030, 1095, 1096
SOURCE_RPM, SOURCE_PACKAGE = 1044, 1106
DIR_INDEXES, BASE_NAMES, DIR_NAMES = 1116, 1117, 1118
PAYLOAD_FORMAT, PAYLOAD_COMPRESSOR = 1124, 1125
LONG_FILE_SIZES, MODULARITY_LABEL = 5008, 5096


class Header:
    """One header. ``size`` is the number of bytes it takes, the magic not counted."""

    __slots__ = ("_index", "_store", "size")

    def __init__(self, data: memoryview) -> None:
        if len(data) < _COUNTS.size:
            raise Malformed("RPM header is cut short")
        entries, store = _COUNTS.unpack_from(data)
        first = _COUNTS.size + entries * _ENTRY.size
        if not 0 < entries <= _ENTRIES:
            raise Malformed(f"RPM header says it has {entries:,} entries")
        if first + store > len(data):
            raise Malformed(f"RPM header of {first + store:,} bytes is cut short")
        self.size = first + store
        self._store = data[first : first + store]
        self._index: dict[int, tuple[int, int, int]] = {}
        for tag, kind, offset, count in _ENTRY.iter_unpack(data[_COUNTS.size : first]):
            self._index.setdefault(tag, (kind, offset, count))

    def __contains__(self, tag: int) -> bool:
        return tag in self._index

    def text(self, tag: int) -> bytes:
        """A string, the first where there are several; empty when there is none."""
        kind, offset, _ = self._index.get(tag, (0, 0, 0))
        if kind not in _STRINGS:
            return b""
        found, end, _ = bytes(self._store[offset : offset + _STRING]).partition(b"\0")
        if not end:
            raise Malformed(f"RPM header's tag {tag} has no end")
        return found

    def texts(self, tag: int) -> list[bytes]:
        """Strings; fewer than the index says when the store ends before."""
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        if kind not in _STRINGS or offset > len(self._store) or count > len(self._store):
            return []
        return bytes(self._store[offset:]).split(b"\0", count)[:count]

    def number(self, tag: int) -> int | None:
        """The first number under a tag."""
        return next(iter(self.numbers(tag, 1)), None)

    def numbers(self, tag: int, most: int | None = None) -> tuple[int, ...]:
        """Numbers; none when they are not all in the store."""
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        if kind not in _WIDTHS or not count:
            return ()
        letter, width = _WIDTHS[kind]
        count = count if most is None else min(count, most)
        if offset + count * width > len(self._store):
            raise Malformed(f"RPM header's tag {tag} points outside its store")
        try:
            found: tuple[int, ...] = Struct(f">{count}{letter}").unpack_from(self._store, offset)
        except error as wrong:
            raise Malformed(f"RPM header's tag {tag} is damaged") from wrong
        return found
