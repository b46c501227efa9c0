"""The order of Composer: leading numbers as numbers, the rest as PHP's version_compare treats its special words.

As Composer's own parser does before it compares, ``v``, build metadata and ``stable`` are dropped, 1.0 equals 1.0.0,
and words count without regard to case. As PHP does, a word is known by how it begins (``post`` by ``p``).
"""

from __future__ import annotations

import re
from typing import Final

from surveyor.scan.advise.keys import Key, bounded

_RUN = re.compile(r"[0-9]+|[^0-9._-]+")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_UNKNOWN, _END, _NUMBER = 0, 5, 6
_WORDS: Final = (("dev", 1), ("a", 2), ("b", 3), ("rc", 4), ("#", _NUMBER), ("p", 7))


def key(version: str) -> Key:
    """Order of one Composer version; only an empty or over-long one is ``Malformed``."""
    text = bounded(version).partition("+")[0].lower().partition("stable")[0].removeprefix("v")
    head = _NUMBERS.match(text)
    if head is None:
        # no leading number at all (dev-main) is below every number
        return 0, *_rest(text)
    numbers = [*map(int, head[0].split("."))]
    while numbers and not numbers[-1]:
        numbers.pop()
    # the end of the numbers, -1, is below each of them
    return 1, *numbers, -1, *_rest(text[head.end() :])


def _rest(text: str) -> list[int]:
    out: list[int] = []
    for run in _RUN.findall(text):
        if "0" <= run[0] <= "9":
            out += (_NUMBER, int(run))
        else:
            out += (_rank(run), 0)
    out += (_END, 0)
    return out


def _rank(word: str) -> int:
    return next((rank for name, rank in _WORDS if word.startswith(name)), _UNKNOWN)
