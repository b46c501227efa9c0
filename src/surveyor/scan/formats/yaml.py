"""Lock files in YAML as tools write them: block mappings and lists, scalars on one line (YAML 1.2, sections 6 to 8).

No reader of all YAML: anchors, several lines of text and flow collections stay the text that they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from surveyor.scan.patterns import regex

_LINE = regex(
    rb"^(?P<indent> *)(?=[^\s#])(?P<item>- +)?"
    rb"(?:(?P<key>\"[^\"\n]*\"|'[^'\n]*'|(?::(?=\w)|[^\s\"'#:{\[!|>%`-])[^:\n]*(?::(?![ \r\n])[^:\n]*)*)"
    rb":(?=[ \r\n]|\Z))?"
    rb" *(?P<value>[^\r\n]*)",
    re.MULTILINE,
)


class Line(NamedTuple):
    """One line: how deep its key stands (in a list, where its item begins), and what is said there.

    ``item`` when it begins an item of a list; ``key`` is empty for a scalar, ``value`` for what goes on below. A tuple,
    since lock files have hundreds of thousands.
    """

    indent: int
    item: bool
    key: str
    value: str


def lines(data: bytes) -> Iterator[Line]:
    """Every line that says something."""
    for line in _LINE.finditer(data):
        key, value = line["key"], line["value"]
        if key is None and value.startswith(b"---"):
            continue
        item = line["item"]
        depth = len(line["indent"]) + (len(item) if item else 0)
        yield Line(depth, item is not None, _plain(key) if key else "", _plain(value) if value else "")


def _plain(text: bytes) -> str:
    """A scalar without its quotes or the comment behind it."""
    value = text.decode("utf-8", "backslashreplace").strip()
    if value[:1] in {"'", '"'}:
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return value.partition(" #")[0].rstrip()
