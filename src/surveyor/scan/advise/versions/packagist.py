"""The order of Composer: leading numbers as numbers, the rest as PHP's version_compare treats its special words.

As Composer's own parser does before it compares, ``v``, build metadata and ``stable`` are dropped, 1.0 equals 1.0.0,
and words count without regard to case. As PHP does, a word is known by how it begins (``post`` by ``p``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from surveyor.scan.advise.keys import PARTS, Key, bounded, numbers
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_RUN = regex(r"[0-9]+|[^0-9._-]+")
_NUMBERS = regex(r"[0-9]+(?:\.[0-9]+)*")
_BRANCH = regex(r"([0-9]+(?:\.[0-9]+){,2})(?:\.[x*])+[.-]?dev")
#: The number that Composer writes for each ``x``.
_TIP = 9_999_999
_UNKNOWN, _END, _NUMBER = 0, 5, 6
_WORDS: Final = (("dev", 1), ("a", 2), ("b", 3), ("rc", 4), ("#", _NUMBER), ("p", 7))


def key(version: str) -> Key:
    """Order of one Composer version; only an empty or over-long one is ``Malformed``."""
    text = bounded(version).partition("+")[0].lower().partition("stable")[0].removeprefix("v")
    head = _NUMBERS.match(text)
    if head is None:
        # no leading number at all (dev-main) is below every number
        return 0, *_rest(text)
    if branch := _BRANCH.fullmatch(text):
        # the tip of a branch, 1.2.x-dev, is above every release on it
        known = [*map(int, branch[1].split("."))]
        return 1, *known, *[_TIP] * (4 - len(known)), -1, *_rest("-dev")
    # the end of the numbers, -1, is below each of them
    return 1, *numbers(head[0]), -1, *_rest(text[head.end() :])


def released(version: str) -> Key:
    """As ``key``; a branch such as ``dev-main`` is ``Malformed``, since Composer lets it match no range of versions."""
    if version.startswith("dev-"):
        raise Malformed(f"a branch, no version: {version[:40]!r}")
    return key(version)


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
