"""The order of Alpine, Wolfi and Chainguard: ``1.2.3b_alpha4_p5-r6``, as apk-tools compares it, token by token.

What apk calls invalid ends a version below where it would have ended without it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from surveyor.scan.advise.keys import PARTS, Key, bounded
from surveyor.scan.patterns import regex

_BEFORE: Final = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3}
_AFTER: Final = {"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4}

# ranks of tokens that may stand at one position, lowest first: a pre-release suffix makes a version older than its end
_PRE, _INVALID, _EMPTY, _END, _REVISION, _HASH, _NUMBER, _POST, _LETTER, _FRACTION, _DIGITS = range(11)

#: The last alternative is one sign that stands for none of them.
_TOKEN = regex(r"[0-9]+|\.[0-9]*|[a-z]|_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*|~[0-9a-f]+|-r[0-9]*|.", re.DOTALL)


def key(version: str) -> Key:
    """Order of one apk version; only an empty or over-long one is ``Malformed``."""
    out: list[int | str] = []
    ended = False
    for token in _TOKEN.findall(bounded(version)):
        ranked = _ranked(token)
        # nothing may follow a revision; whatever does is equally invalid
        if ended or ranked[0] == _INVALID:
            return *out, _INVALID
        out += ranked
        ended = ranked[0] == _REVISION
    return *out, _END


@lru_cache(maxsize=PARTS)
def _ranked(token: str) -> tuple[int | str, ...]:
    match token[0]:
        case ".":
            return _component(token[1:])
        case "_" if len(token) > 1:
            word = token.rstrip("0123456789")
            return _suffix(word[1:], token[len(word) :])
        case "~" if len(token) > 1:
            return _HASH, token[1:]
        case "-" if len(token) > 1:
            return _REVISION, int(token[2:] or "0")
        case sign if "a" <= sign <= "z":
            return _LETTER, token
        case sign if "0" <= sign <= "9":
            return _DIGITS, int(token)
        case _:
            return (_INVALID,)


def _component(digits: str) -> tuple[int | str, ...]:
    """A part after a dot: with a leading zero it counts as a fraction (1.05 < 1.1)."""
    if not digits:
        return (_EMPTY,)
    return (_FRACTION, digits) if digits[0] == "0" else (_DIGITS, int(digits))


def _suffix(word: str, number: str) -> tuple[int, ...]:
    ranked = (_PRE, _BEFORE[word]) if word in _BEFORE else (_POST, _AFTER[word])
    return (*ranked, _NUMBER, int(number)) if number else ranked
