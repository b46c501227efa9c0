"""Apple property lists, binary and XML, into plain values: bounded in depth, objects and bytes, loops and entities cut.

Read by the comments of Apple's CFBinaryPList.c (binary, ``bplist0x``) and by PropertyList-1.0.dtd (XML). A date is the
text or the number that stands for it, a UID the number. The old NeXTSTEP form, text in braces, is told and not read.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Callable
from xml.parsers import expat

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported

#: A property list as Python keeps it.
Value = dict[str, "Value"] | list["Value"] | str | bytes | int | float | bool | None

_MAGIC = b"bplist0"
_TRAILER = struct.Struct(">6xBBQQQ")
_DEPTH = 64
_OBJECTS = 400_000
_TEXT = 16 << 20  # bytes of all strings and data together; a binary list may name the same bytes many times
_BOMS = (b"\xff\xfe", b"\xfe\xff")


def load(data: memoryview) -> Value:
    """The value a property list holds; raises when it is broken, over a bound, or of no form that is read."""
    if bytes(data[: len(_MAGIC)]) == _MAGIC:
        return _Binary(data).value()
    head = bytes(data[:512])
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or head.startswith(_BOMS):
        return _Xml().value(data)
    if head.lstrip()[:1] in {b"{", b"(", b"/"}:
        raise Unsupported("property list in the old text form is not read")
    raise Malformed("no property list")


def mapping(value: Value) -> dict[str, Value]:
    """A dictionary, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def string(value: Value) -> str:
    """A string, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


class _Binary:
    """A binary list: objects by number, each decoded once, those that hold each other refused."""

    def __init__(self, data: memoryview) -> None:
        if len(data) < len(_MAGIC) + 1 + _TRAILER.size:
            raise Malformed("binary property list is cut short")
        self._data = data
        self._offset_bytes, self._ref_bytes, self._count, self._top, self._table = _TRAILER.unpack(
            data[len(data) - _TRAILER.size :]
        )
        # what an object is made of lies before the table of offsets
        self._end = min(self._table, len(data) - _TRAILER.size)
        room = len(data) - _TRAILER.size - self._table
        if not (0 < self._offset_bytes <= 8 and 0 < self._ref_bytes <= 8) or self._count * self._offset_bytes > room:
            raise Malformed("binary property list has a table of objects that lies outside")
        self._known: dict[int, Value] = {}
        self._open: set[int] = set()
        self._steps = 0
        self._text = 0

    def value(self) -> Value:
        """The top object."""
        return self._object(self._top, 0)

    def _object(self, number: int, depth: int) -> Value:
        if number in self._known:
            return self._known[number]
        if depth > _DEPTH:
            raise LimitExceeded(f"property list is deeper than {_DEPTH} levels")
        if number >= self._count or number in self._open:
            raise Malformed("property list holds an object inside itself, or one that is not there")
        self._open.add(number)
        value = self._decode(self._number(self._table + number * self._offset_bytes, self._offset_bytes), depth)
        self._open.discard(number)
        self._known[number] = value
        return value

    def _decode(self, at: int, depth: int) -> Value:
        marker = self._number(at, 1)
        kind, low = marker >> 4, marker & 15
        at += 1
        if kind == 0:
            return {8: False, 9: True}.get(low)
        if kind == 1 and low <= 4:
            # short ones are counted from zero, long ones have a sign
            return int.from_bytes(self._bytes(at, 1 << low), "big", signed=low >= 3)
        if kind == 8:
            return self._number(at, low + 1)
        if kind in (2, 3):
            return self._real(at, 1 << low)
        count, at = self._counted(at, low)
        if kind in (4, 5, 6, 7):
            return self._string(at, count, kind)
        if kind in (0xA, 0xC):
            return [self._object(ref, depth + 1) for ref in self._refs(at, count)]
        if kind == 0xD:
            refs = self._refs(at, 2 * count)
            keys = (self._object(ref, depth + 1) for ref in refs[:count])
            pairs = zip(keys, refs[count:], strict=True)
            return {key: self._object(ref, depth + 1) for key, ref in pairs if isinstance(key, str)}
        raise Malformed(f"property list has an object of unknown kind {kind:x}")

    def _real(self, at: int, size: int) -> float:
        form = {4: ">f", 8: ">d"}.get(size)
        if form is None:
            raise Malformed("property list has a number of an impossible size")
        return float(struct.unpack(form, self._bytes(at, size))[0])

    def _counted(self, at: int, low: int) -> tuple[int, int]:
        """How many follow, and where: fifteen stands for a number of its own."""
        if low != 15:
            return low, at
        size = 1 << (self._number(at, 1) & 15)
        return self._number(at + 1, min(size, 8)), at + 1 + size

    def _string(self, at: int, count: int, kind: int) -> Value:
        found = self._bytes(at, 2 * count if kind == 6 else count)
        self._text += len(found)
        if self._text > _TEXT:
            raise LimitExceeded(f"property list holds more than {_TEXT:,} bytes of text")
        if kind == 4:
            return found
        return found.decode({5: "ascii", 6: "utf-16-be", 7: "utf-8"}[kind], "replace")

    def _refs(self, at: int, count: int) -> list[int]:
        raw, size = self._bytes(at, count * self._ref_bytes), self._ref_bytes
        self._steps += count
        if self._steps > _OBJECTS:
            raise LimitExceeded(f"property list holds more than {_OBJECTS:,} objects")
        return [int.from_bytes(raw[start : start + size], "big") for start in range(0, len(raw), size)]

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self._bytes(at, size), "big")

    def _bytes(self, at: int, size: int) -> bytes:
        found = self._data[at : at + size]
        if len(found) != size:
            raise Malformed("property list points outside the file")
        return bytes(found)


class _Xml:
    """An XML list as its elements come; an internal DTD subset, the only place to declare an entity, is refused."""

    def __init__(self) -> None:
        self._root: list[Value] = []
        #: Open containers, each with the key that waits for its value.
        self._stack: list[tuple[dict[str, Value] | list[Value], list[str]]] = [(self._root, [])]
        self._text: list[str] = []
        self._objects = 0
        self._depth = 0

    def value(self, data: memoryview) -> Value:
        """The value inside ``<plist>``."""
        parser = expat.ParserCreate(None if bytes(data[:2]) in _BOMS else "utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise Malformed(f"property list is no XML: {error}") from error
        except (ValueError, LookupError) as error:
            raise Malformed("property list holds a value that is none of its type") from error
        if not self._root:
            raise Malformed("property list is empty")
        return self._root[0]

    @staticmethod
    def _doctype(_name: str, _system: str | None, _public: str | None, subset: int) -> None:
        if subset:
            raise Malformed("property list declares entities of its own")

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._text.clear()
        self._objects += 1
        self._depth += 1
        if self._objects > _OBJECTS:
            raise LimitExceeded(f"property list holds more than {_OBJECTS:,} objects")
        if self._depth > _DEPTH:
            raise LimitExceeded(f"property list is deeper than {_DEPTH} levels")
        if tag in {"dict", "array"}:
            container: dict[str, Value] | list[Value] = {} if tag == "dict" else []
            self._put(container)
            self._stack.append((container, []))

    def _end(self, tag: str) -> None:
        self._depth -= 1
        text = "".join(self._text)
        self._text.clear()
        if tag in {"dict", "array"}:
            self._stack.pop()
        elif tag == "key":
            self._stack[-1][1][:] = [text]
        elif convert := _SCALARS.get(tag):
            self._put(convert(text))
        elif tag != "plist":
            raise Malformed(f"property list has an element that is none of its own: {tag[:40]}")

    def _put(self, value: Value) -> None:
        container, key = self._stack[-1]
        if isinstance(container, list):
            container.append(value)
        elif key:
            container[key.pop()] = value
        else:
            raise Malformed("property list has a value without a key")


def _integer(text: str) -> int:
    text = text.strip()
    if len(text) > 40:
        raise Malformed("property list has a number without end")
    return int(text, 16 if text.lower().lstrip("+-").startswith("0x") else 10)


def _data(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.encode("ascii", "ignore"))
    except binascii.Error as error:
        raise Malformed("property list has data that is no Base64") from error


_SCALARS: dict[str, Callable[[str], Value]] = {
    "string": str,
    "integer": _integer,
    "real": lambda text: float(text[:64]),
    "true": lambda _text: True,
    "false": lambda _text: False,
    "date": str,
    "data": _data,
}
