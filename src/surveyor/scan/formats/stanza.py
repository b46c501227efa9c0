"""Paragraphs of ``Key: value`` lines, as Debian's control files and their relatives have them (deb822(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.patterns import regex

_FIELD = regex(rb"^([A-Za-z][A-Za-z0-9-]*):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)


def stanzas(data: bytes) -> Iterator[bytes]:
    """Each run of lines up to a blank one."""
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    start = 0
    while start < len(data):
        end = data.find(b"\n\n", start)
        end = len(data) if end < 0 else end
        yield data[start:end]
        start = end + 2


def settled(data: bytes, key: bytes) -> bytes:
    """A text of lines without its last one, where that begins so and has no end: its value may not be all there."""
    before, _, last = data.rpartition(b"\n")
    return before if last.startswith(key) else data


def fields(stanza: bytes) -> dict[str, bytes]:
    """All fields of a paragraph with the lines that continue them; the first of a name counts."""
    found: dict[str, bytes] = {}
    for key, value in _FIELD.findall(stanza):
        found.setdefault(key.decode(), value)
    return found
