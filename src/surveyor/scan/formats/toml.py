"""Lock files in TOML as tools write them: tables of one line a key, strings quoted on one line (TOML 1.0).

No reader of all TOML: values are kept as they are written, arrays of several lines keep their first line only unless
they are asked for, and what a tool would never write is passed by. In return the largest lock file costs one look at
each of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.patterns import regex

_LINE = regex(
    rb"^(?:\[(?P<many>\[)?(?P<table>[^\[\]\n]+)\]\]?|(?P<key>[\w-]+)[ \t]*=[ \t]*(?P<value>[^\n]*))[ \t\r]*$",
    re.MULTILINE,
)
#: The same, or lines of items, all that follow one another at once.
_ITEMS = regex(_LINE.pattern + rb"|^(?P<items>(?:[ \t]*[\"'{][^\n]*\n)+)", re.MULTILINE)
_STRING = regex(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)')""")
_MEMBER = regex(
    r"""(?<![\w-])(?P<key>[\w-]{1,64})[ \t]{0,8}=[ \t]{0,8}(?:"(?P<text>(?:[^"\\]|\\.)*)"|'(?P<plain>[^']*)')"""
)


def tables(data: bytes, *, lists: frozenset[str] = frozenset()) -> Iterator[tuple[str, dict[str, str]]]:
    """Each table in its order: its name without brackets, and its keys with their values as written.

    ``lists`` are keys whose arrays are kept whole, though they have a line an item.
    """
    name, keys, last = "", dict[str, str](), ""
    for line in (_ITEMS if lists else _LINE).finditer(data):
        kind = line.lastgroup
        if kind == "items":
            if last in lists:
                keys[last] += line["items"].decode("utf-8", "backslashreplace")
                last = ""  # what follows another line is no item of it
        elif kind == "table":
            yield name, keys
            name, keys, last = line["table"].decode("utf-8", "backslashreplace").strip(), {}, ""
        else:
            last = line["key"].decode()
            keys.setdefault(last, line["value"].decode("utf-8", "backslashreplace").strip())
    yield name, keys


def unquoted(value: str) -> str:
    """The string that a value is, empty when it is none; escapes stay as they are, for names have none."""
    found = _STRING.match(value)
    return (found[1] or found[2] or "") if found else ""


def members(value: str) -> dict[str, str]:
    """The strings of an inline table, one deep."""
    return {one["key"]: one["text"] or one["plain"] or "" for one in _MEMBER.finditer(value)}
