"""Writes xar archives, and the parts of macOS installer packages."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from tests.images import Link

_PACK: Mapping[str, Callable[[bytes], bytes]] = {
    "octet-stream": bytes,
    "x-gzip": zlib.compress,
    "x-bzip2": bz2.compress,
    "x-lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "x-xz": lzma.compress,
}


def xar(files: Mapping[str, bytes | Link | None], *, style: str = "x-gzip") -> bytes:
    """An archive of these files, folders as elements that hold others; ``None`` is an empty folder."""
    heap = bytearray(bytes(20))  # where the checksum of the table is kept
    tree: dict[str, object] = {}
    for path, content in files.items():
        *above, name = path.split("/")
        folder = tree
        for part in above:
            folder = folder.setdefault(part, {})  # type: ignore[assignment]
        folder[name] = {} if content is None else content
    return seal("".join(_element(name, content, heap, style) for name, content in tree.items()), bytes(heap))


def _element(name: str, content: object, heap: bytearray, style: str) -> str:
    head = f'<file id="1"><name>{escape(name)}</name>'
    if isinstance(content, dict):
        inside = "".join(_element(name, one, heap, style) for name, one in content.items())
        return f"{head}<type>directory</type>{inside}</file>"
    if isinstance(content, Link):
        return f'{head}<type>symlink</type><link type="file">{escape(content.target)}</link></file>'
    assert isinstance(content, bytes)
    # what installs is kept as it is, since it is compressed already
    style = "octet-stream" if name in {"Payload", "Scripts"} else style
    packed = _PACK[style](content)
    start = len(heap)
    heap += packed
    data = (
        f"<data><offset>{start}</offset><size>{len(content)}</size><length>{len(packed)}</length>"
        f'<encoding style="application/{style}"/></data><ea id="0"><offset>1</offset><length>2</length></ea>'
    )
    return f"{head}<type>file</type>{data}</file>"


def seal(elements: str, heap: bytes, *, length: int | None = None, packed: int | None = None) -> bytes:
    """A table of contents and a heap with the head; sizes as they are unless given."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><xar><toc><checksum style="sha1"><offset>0</offset><size>20</size>'
        f"</checksum>{elements}</toc></xar>"
    ).encode()
    table = zlib.compress(text)
    size = len(text) if length is None else length
    head = struct.pack(">4sHHQQI", b"xar!", 28, 1, len(table) if packed is None else packed, size, 1)
    return head + table + heap
