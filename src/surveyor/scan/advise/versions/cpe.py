"""The order of versions as NVD writes them in CPE names: of products that have no scheme in common.

Numbers compare as numbers, letters after one follow it (OpenSSL's 1.0.2k), words of what is not finished come before it
(``rc1``, ``3.11.0a1``); signs only separate, zeros at the end of the numbers do not count.
"""

from __future__ import annotations

import re
from typing import Final

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_TOKEN = regex(r"(?P<digits>[0-9]+)|(?P<short>(?<=[0-9])[abcABC](?=[0-9]))|(?P<word>[A-Za-z]+)")
_PREFIX = regex(r"[vV](?=[0-9])")
_UNFINISHED: Final = {
    "dev": 0,
    "snapshot": 0,
    "nightly": 0,
    "a": 1,
    "alpha": 1,
    "b": 2,
    "beta": 2,
    "pre": 3,
    "preview": 3,
    "prerelease": 3,
    "c": 4,
    "cr": 4,
    "rc": 4,
}
# ranks of what may stand at one position, lowest first
_BEFORE, _END, _WORD, _NUMBER = range(4)


def key(version: str) -> Key:
    """Order of one version; one without any digit or letter is ``Malformed``."""
    text = bounded(version)
    tokens = list(_TOKEN.finditer(text, 1 if _PREFIX.match(text) else 0))
    if not tokens:
        raise Malformed(f"not a version: {text[:40]!r}")
    count = next((at for at, token in enumerate(tokens) if token.lastgroup != "digits"), len(tokens))
    numbers = [int(token[0]) for token in tokens[:count]]
    while numbers and not numbers[-1]:
        numbers.pop()
    out: list[int | str] = []
    for number in numbers:
        out += (_NUMBER, number)
    for token in tokens[count:]:
        out += _ranked(token)
    return (*out, _END, 0)


def _ranked(token: re.Match[str]) -> tuple[int | str, ...]:
    text = token[0].lower()
    if token.lastgroup == "digits":
        return _NUMBER, int(text)
    # a single letter is a stage only between digits: 1.0.2a is a patch of 1.0.2
    if token.lastgroup == "short" or (len(text) > 1 and text in _UNFINISHED):
        return _BEFORE, _UNFINISHED[text]
    return _WORD, text
