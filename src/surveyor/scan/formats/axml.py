"""Android's binary XML as far as its first element: the manifest of an application package.

Layouts are those of ``ResourceTypes.h`` in Android's androidfw: every chunk begins with its type, the size of its
header (16 bits each) and its whole size (32 bits); all numbers are little-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, error, unpack_from

from surveyor.scan.errors import Malformed

_CHUNK = Struct("<HHI")
_XML, _STRINGS, _RESOURCES, _ELEMENT = 0x0003, 0x0001, 0x0180, 0x0102
#: Attributes that may have lost their names to an obfuscator: the resources behind them.
_KNOWN = {0x0101021B: "versionCode", 0x0101021C: "versionName"}
_UTF8 = 1 << 8
_STRING, _REFERENCE, _DECIMAL = 0x03, 0x01, 0x10
_ATTRIBUTES = 64
_LONG = 4096


def is_axml(data: memoryview) -> bool:
    """Whether the bytes begin as binary XML does."""
    return len(data) >= 8 and unpack_from("<H", data)[0] == _XML


def root_attributes(data: memoryview) -> dict[str, str]:
    """The attributes of the first element by name; numbers in decimal, references to resources as ``@`` and hex."""
    try:
        return _root(data)
    except error as short:
        raise Malformed("binary XML points outside itself") from short


def _root(data: memoryview) -> dict[str, str]:
    strings: memoryview | None = None
    resources: tuple[int, ...] = ()
    for kind, header, chunk in _chunks(data):
        if kind == _STRINGS and strings is None:
            strings = chunk
        elif kind == _RESOURCES:
            count = min((len(chunk) - header) // 4, _LONG)
            resources = unpack_from(f"<{count}I", chunk, header) if count > 0 else ()
        elif kind == _ELEMENT:
            if strings is None:
                raise Malformed("binary XML without strings")
            return dict(_attributes(chunk, header, strings, resources))
    raise Malformed("binary XML without an element")


def _chunks(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Type, size of the header and bytes of the chunks in the one that is the document."""
    position = _CHUNK.unpack_from(data)[1]
    while position + _CHUNK.size <= len(data):
        kind, header, size = _CHUNK.unpack_from(data, position)
        if size < _CHUNK.size or header < _CHUNK.size:
            raise Malformed("binary XML has a chunk without size")
        yield kind, header, data[position : position + size]
        position += size


def _attributes(
    element: memoryview, header: int, strings: memoryview, resources: tuple[int, ...]
) -> Iterator[tuple[str, str]]:
    start, size, count = unpack_from("<HHH", element, header + 8)
    for number in range(min(count, _ATTRIBUTES)):
        _, name, raw, _, kind, data = unpack_from("<IIIHxBI", element, header + start + number * max(size, 20))
        key = _KNOWN.get(resources[name]) if name < len(resources) else None
        key = key or _string(strings, name)
        if kind == _STRING:
            yield key, _string(strings, data)
        elif kind == _REFERENCE:
            yield key, f"@{data:08x}"
        elif kind == _DECIMAL:
            yield key, str(data)
        else:
            yield key, _string(strings, raw) if raw != 0xFFFFFFFF else str(data)


def _string(pool: memoryview, index: int) -> str:
    """A string of the pool by its number; lengths are one or two units, the first bit tells."""
    header, count, flags, start = unpack_from("<2xH4xI4xII", pool)
    if index >= count:
        raise Malformed("binary XML names a string that is not there")
    position = start + unpack_from("<I", pool, header + 4 * index)[0]
    if flags & _UTF8:
        position += 2 if _byte(pool, position) & 0x80 else 1  # the length in characters
        length = _byte(pool, position)
        position += 1
        if length & 0x80:
            length = (length & 0x7F) << 8 | _byte(pool, position)
            position += 1
        return bytes(pool[position : position + min(length, _LONG)]).decode("utf-8", "backslashreplace")
    length, position = unpack_from("<H", pool, position)[0], position + 2
    if length & 0x8000:
        length, position = (length & 0x7FFF) << 16 | unpack_from("<H", pool, position)[0], position + 2
    return bytes(pool[position : position + 2 * min(length, _LONG)]).decode("utf-16-le", "backslashreplace")


def _byte(pool: memoryview, position: int) -> int:
    """One byte; raises where there is none."""
    return int(unpack_from("<B", pool, position)[0])
