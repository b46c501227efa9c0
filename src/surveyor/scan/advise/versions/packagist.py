"""The order of Composer: leading numbers as numbers, the rest as PHP's version_compare treats its special words.

As Composer's own parser does before it compares, ``v``, build metadata and ``stable`` are dropped, 1.0 equals 1.0.0,
and words count without regard to case. As PHP does, a word is known by how it begins (``post`` by ``p``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from surveyor.scan.advise.keys import PARTS, Key, bounded, numbers

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
    # the end of the numbers, -1, is below each of them
    return 1, *numbers(head[0]), -1, *_rest(text[head.end() :])


@lru_cache(maxsize=PARTS)
def _rest(text: str) -> tuple[int, ...]:
    out: list[int] = []
    for run in _RUN.findall(text):
        if "0" <= run[0] <= "9":
            out += (_NUMBER, int(run))
        else:
            out += (_rank(run), 0)
    return *out, _END


def _rank(word: str) -> int:
    return next((rank for name, rank in _WORDS if word.startswith(name)), _UNKNOWN)
