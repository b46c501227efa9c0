"""ar archives, of which Debian packages and static libraries are made (ar(5) of FreeBSD; deb(5)).

A header of 60 bytes stands before each member: name 0:16, size 48:58 in decimal digits, end mark 58:60. Long names
stand in a table (GNU: ``/OFFSET``) or before the member's bytes (BSD: ``#1/LENGTH``).
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.values import frozen

MAGIC = b"!<arch>\n"
_HEADER = 60
_END = b"`\n"
_MEMBERS = 10_000
_TABLE = 1 << 20
_NAME = 1024


@frozen
class Member:
    """One member; its bytes begin at ``start`` and may end behind those that are there."""

    name: bytes
    start: int
    size: int


def members(data: memoryview) -> Iterator[Member]:
    """The members in their order; raises last when a header is damaged or the archive ends inside one."""
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise Malformed("no ar archive")
    position, table, count = len(MAGIC), b"", 0
    while position < len(data):
        count += 1
        if count > _MEMBERS:
            raise LimitExceeded(f"ar archive of more than {_MEMBERS:,} members")
        name, size = _header(bytes(data[position : position + _HEADER]))
        start = position + _HEADER
        if name == b"//":
            table = bytes(data[start : start + min(size, _TABLE)])
        else:
            yield _member(name, start, size, data, table)
        position = start + size + size % 2


def _header(header: bytes) -> tuple[bytes, int]:
    size = header[48:58].strip()
    if len(header) < _HEADER:
        raise Malformed("ar archive is cut short in a header")
    if header[58:60] != _END or not size.isdigit():
        raise Malformed("ar archive has a damaged header")
    return header[:16].rstrip(), int(size)


def _member(name: bytes, start: int, size: int, data: memoryview, table: bytes) -> Member:
    if name.startswith(b"#1/") and name[3:].isdigit():
        length = min(int(name[3:]), size)
        title = bytes(data[start : start + min(length, _NAME)]).rstrip(b"\0")
        return Member(name=title, start=start + length, size=size - length)
    if name[:1] == b"/" and name[1:].isdigit():
        name = table[int(name[1:]) :][:_NAME].partition(b"\n")[0]
    return Member(name=name.removesuffix(b"/"), start=start, size=size)
