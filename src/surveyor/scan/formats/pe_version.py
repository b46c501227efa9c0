"""What a PE program says of itself in its version resource (Windows' VS_VERSIONINFO, and the resource tree to it)."""

from __future__ import annotations

from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.layout import unpack
from surveyor.scan.formats.pe import RESOURCES, Pe
from surveyor.scan.values import frozen

_VERSION = 16
_SUBDIRECTORY = 0x80000000
_DIRECTORY, _ENTRY, _DATA, _NODE, _FIXED = (
    Struct("<12xHH"),
    Struct("<II"),
    Struct("<IIII"),
    Struct("<HHH"),
    Struct("<II"),
)
_ENTRIES, _RESOURCE, _STRINGS, _TEXT = 4096, 64 << 10, 256, 1024
_SIGNATURE = 0xFEEF04BD


@frozen
class VersionInfo:
    """The product's version as four numbers, which stand alone where no text does, and the texts by their names."""

    product_version: str
    texts: dict[str, str]


def version_info(pe: Pe) -> VersionInfo | None:
    """The first version resource; nothing where there is none."""
    directory = pe.directory(RESOURCES)
    if directory is None:
        return None
    tree = pe.rest(directory[0])
    at: int | None = _find(tree, 0, _VERSION)
    # by type, name and language: three levels, whatever the entries say
    for _ in range(2):
        if at is None or not at & _SUBDIRECTORY:
            break
        at = _find(tree, at & ~_SUBDIRECTORY, None)
    if at is None or at & _SUBDIRECTORY:
        return None
    address, size, *_ = unpack(_DATA, tree, at)
    if size > _RESOURCE:
        raise LimitExceeded(f"version resource of {size:,} bytes")
    return _parse(pe.at(address, size))


def _find(tree: memoryview, at: int, wanted: int | None) -> int | None:
    """Where the entry of a directory leads, by its number or the first there is."""
    named, numbered = unpack(_DIRECTORY, tree, at)
    if named + numbered > _ENTRIES:
        raise LimitExceeded(f"resource directory of {named + numbered:,} entries")
    for number in range(named + numbered):
        identity, leads = unpack(_ENTRY, tree, at + 16 + 8 * number)
        if wanted is None or identity == wanted:
            return leads
    return None


def _parse(data: memoryview) -> VersionInfo:
    size, value_size, _, key, start = _node(data, 0)
    if key != "VS_VERSION_INFO":
        raise Malformed("version resource does not begin as one")
    product_version = ""
    if value_size >= 52 and unpack(Struct("<I"), data, start)[0] == _SIGNATURE:
        high, low = unpack(_FIXED, data, start + 16)
        product_version = f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"
    return VersionInfo(product_version=product_version, texts=_texts(data, _aligned(start + value_size), size))


def _texts(data: memoryview, at: int, end: int) -> dict[str, str]:
    """The strings of the first table of ``StringFileInfo``; others say the same in other languages."""
    while at < end:
        size, _, _, key, start = _node(data, at)
        if key == "StringFileInfo":
            table_size, _, _, _, first = _node(data, start)
            return _strings(data, first, start + table_size)
        at = _aligned(at + size)
    return {}


def _strings(data: memoryview, at: int, end: int) -> dict[str, str]:
    found: dict[str, str] = {}
    while at < end and len(found) < _STRINGS:
        size, _, _, key, start = _node(data, at)
        # the size of the value is in characters, and some compilers count bytes: the node's own size decides
        value = bytes(data[start : min(at + size, start + 2 * _TEXT)]).decode("utf-16-le", "replace").partition("\0")[0]
        found.setdefault(key, "".join(char for char in value if char.isprintable()).strip())
        at = _aligned(at + size)
    return found


def _node(data: memoryview, at: int) -> tuple[int, int, int, str, int]:
    """Size, size of the value, whether that is text, key, and where value or children begin."""
    size, value_size, text = unpack(_NODE, data, at)
    if size < _NODE.size or at + size > len(data):
        raise Malformed("version resource is cut short")
    raw = bytes(data[at + 6 : min(at + size, at + 6 + 256)])
    key = raw.decode("utf-16-le", "replace").partition("\0")[0]
    return size, value_size, text, key, _aligned(at + 6 + 2 * len(key) + 2)


def _aligned(at: int) -> int:
    return at + 3 & ~3
