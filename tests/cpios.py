"""Writes cpio archives for tests: each format as its description has it, hard links as each writer keeps them."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from tests.images import Link

Files = Mapping[str, "bytes | Link | None"]
_FILE, _FOLDER, _LINK = 0o100644, 0o040755, 0o120777
TRAILER = "TRAILER!!!"


def newc(
    name: bytes, data: bytes = b"", *, mode: int = _FILE, node: int = 1, links: int = 1, check: bool = False
) -> bytes:
    """One entry of newc, or of crc with a check sum."""
    fields = (node, mode, 0, 0, links, 0, len(data), 8, 1, 0, 0, len(name) + 1, sum(data) if check else 0)
    head = (b"070702" if check else b"070701") + b"".join(b"%08X" % field for field in fields) + name + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def odc(name: bytes, data: bytes = b"", *, mode: int = _FILE, node: int = 1, links: int = 1) -> bytes:
    """One entry of the portable format."""
    head = b"070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o" % (
        *(1, node, mode, 0, 0, links, 0, 0),
        *(len(name) + 1, len(data)),
    )
    return head + name + b"\0" + data


def binary(
    name: bytes, data: bytes = b"", *, mode: int = _FILE, node: int = 1, links: int = 1, order: str = "<"
) -> bytes:
    """One entry of the old format: words of two bytes, long ones with their upper half first."""
    size = (len(data) >> 16, len(data) & 0xFFFF)
    head = struct.pack(f"{order}13H", 0o070707, 1, node, mode, 0, 0, links, 0, 0, 0, len(name) + 1, *size)
    return head + name + b"\0" + bytes((len(name) + 1) % 2) + data + bytes(len(data) % 2)


def cpio(files: Files, *, form: str = "newc", end: bool = True) -> bytes:
    """An archive; in newc and crc a file's bytes come with the last of its hard links, elsewhere with each."""
    writers = {
        "newc": newc,
        "crc": lambda *args, **more: newc(*args, check=True, **more),
        "odc": odc,
        "binary": binary,
        "binary-big": lambda *args, **more: binary(*args, order=">", **more),
    }
    write, out = writers[form], b""
    for number, (name, content) in enumerate(files.items(), 2):
        path = name.encode()
        if content is None:
            out += write(path, mode=_FOLDER, node=number, links=2)
        elif isinstance(content, bytes):
            shared = [
                other for other, link in files.items() if isinstance(link, Link) and link.hard and link.target == name
            ]
            first = b"" if form in {"newc", "crc"} else content
            for other in shared:
                out += write(other.encode(), first, node=number, links=len(shared) + 1)
            out += write(path, content, node=number, links=len(shared) + 1)
        elif not content.hard:
            out += write(path, content.target.encode(), mode=_LINK, node=number)
    return out + (write(TRAILER.encode()) if end else b"")


def stripped(bodies: Mapping[int, bytes]) -> bytes:
    """RPM's own entries: the number of a file in the header, and its bytes."""
    out = b"".join(b"07070X%08x" % number + b"\0\0" + data + bytes(-len(data) % 4) for number, data in bodies.items())
    return out + newc(TRAILER.encode())
