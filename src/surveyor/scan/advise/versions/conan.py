"""The order of Conan: items between dots, then what comes before a release (``-``), then what comes after it (``+``).

Conan compares an item of digits with one of letters as text, which is no order (9 < 10 < 5a < 9). Here digits in front
of letters count as a number: 1 < 1w < 2 < 10a.
"""

from __future__ import annotations

import re
from functools import lru_cache

from surveyor.scan.advise.keys import PARTS, Key, bounded
from surveyor.scan.patterns import regex

_ITEM = regex(r"(?P<number>[0-9]*)(?P<rest>.*)", re.DOTALL)
# what may stand at one position, lowest first; a release without a build ends where one with it goes on
_EARLY, _END, _NUMBER, _WORD = range(4)


def key(version: str) -> Key:
    """Order of one Conan version; only an empty or over-long one is ``Malformed``."""
    text = bounded(version)
    rest, plus, build = text.rpartition("+")
    release, hyphen, early = (rest if plus else text).partition("-")
    return (
        *_items(release),
        *((_EARLY, *_items(early)) if hyphen else (_END,)),
        *(_items(build) if plus else (_END,)),
    )


@lru_cache(maxsize=PARTS)
def _items(text: str) -> Key:
    """The items between dots; zeros at the end say nothing."""
    items = text.split(".")
    while items and items[-1] and not items[-1].strip("0"):
        items.pop()
    out: list[int | str] = []
    for item in items:
        match = _ITEM.fullmatch(item)
        number, rest = match.groups() if match else ("", item)
        out += (_NUMBER, int(number), rest) if number else (_WORD, rest)
    return *out, _END
