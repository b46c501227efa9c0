"""``.PKGINFO``, with which package files of Alpine (abuild) and Arch Linux (makepkg) begin: ``key = value`` lines."""

from __future__ import annotations

import re

from surveyor.scan.patterns import regex

_LINE = regex(rb"^([a-z_]+) = ([^\r\n]*)", re.MULTILINE)


def fields(data: bytes) -> dict[str, list[bytes]]:
    """The values of each key in their order; Arch Linux has a line for each licence."""
    found: dict[str, list[bytes]] = {}
    for key, value in _LINE.findall(data):
        found.setdefault(key.decode(), []).append(value)
    return found
