"""``.PKGINFO``, with which package files of Alpine (abuild) and Arch Linux (makepkg) begin: ``key = value`` lines."""

from __future__ import annotations

import re

_LINE = re.compile(rb"^([a-z_]+) = ([^\r\n]*)", re.MULTILINE)


def fields(data: bytes) -> dict[str, str]:
    """The first value of each key."""
    found: dict[str, str] = {}
    for key, value in _LINE.findall(data):
        found.setdefault(key.decode(), value.decode("utf-8", "backslashreplace").strip())
    return found
