"""The order of Composer: leading numbers as numbers, the rest as PHP's version_compare treats its special words.

As Composer does, ``v`` is dropped and 1.0 equals 1.0.0. As PHP does, a word is known by how it begins (``post`` by
``p``) and only ``rc`` also in capitals.
"""

from __future__ import annotations

import re
from typing import Final

from surveyor.scan.advise.keys import Key, bounded

_RUN = re.compile(r"[0-9]+|[^0-9.+_-]+")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_DIGITS = re.compile(r"[0-9]+")
_UNKNOWN, _END, _NUMBER = 0, 5, 6
_WORDS: Final = (("dev", 1), ("a", 2), ("b", 3), ("rc", 4), ("RC", 4), ("#", _NUMBER), ("p", 7))


def key(version: str) -> Key:
    """Order of one Composer version; only an empty or over-long one is ``Malformed``."""
    text = bounded(version)
    if text[0] in "vV":
        text = text[1:]
    head = _NUMBERS.match(text)
    numbers = [int(part) for part in head[0].split(".")] if head else []
    while numbers and not numbers[-1]:
        numbers.pop()
    # no leading number at all (dev-main) is below every number; the end of the numbers, 0, is below each of them
    out: list[int] = [1 if head else 0, *(number + 1 for number in numbers), 0]
    for run in _RUN.findall(text[head.end() :] if head else text):
        out += (_NUMBER, int(run)) if _DIGITS.fullmatch(run) else (_rank(run), 0)
    out += (_END, 0)
    return tuple(out)


def _rank(word: str) -> int:
    return next((rank for name, rank in _WORDS if word.startswith(name)), _UNKNOWN)
