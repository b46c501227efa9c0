"""The order of Alpine, Wolfi and Chainguard: ``1.2.3b_alpha4_p5-r6``, as apk-tools compares it, token by token.

What apk calls invalid ends a version below where it would have ended without it.
"""

from __future__ import annotations

import re
from typing import Final

from surveyor.scan.advise.keys import Key, bounded

_BEFORE: Final = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3}
_AFTER: Final = {"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4}

# ranks of tokens that may stand at one position, lowest first: a pre-release suffix makes a version older than its end
_PRE, _INVALID, _EMPTY, _END, _REVISION, _HASH, _NUMBER, _POST, _LETTER, _FRACTION, _DIGITS = range(11)

_TOKEN = re.compile(
    r"(?P<digits>[0-9]+)|\.(?P<part>[0-9]*)|(?P<letter>[a-z])|_(?P<suffix>alpha|beta|pre|rc|cvs|svn|git|hg|p)(?P<number>[0-9]*)"
    r"|~(?P<hash>[0-9a-f]+)|-r(?P<revision>[0-9]*)"
)


def key(version: str) -> Key:
    """Order of one apk version; only an empty or over-long one is ``Malformed``."""
    text = bounded(version)
    out: list[int | str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            out += (_INVALID, 0)
            return tuple(out)
        out += _ranked(match)
        at = match.end()
        if match.lastgroup == "revision":
            break
    # nothing may follow a revision; whatever does is equally invalid
    out += (_END, 0) if at == len(text) else (_INVALID, 0)
    return tuple(out)


def _ranked(match: re.Match[str]) -> tuple[int | str, ...]:
    token = match.group(match.lastgroup or 0)
    match match.lastgroup:
        case "digits":
            return _DIGITS, int(token)
        case "part":
            return _component(token)
        case "letter":
            return _LETTER, token
        case "hash":
            return _HASH, token
        case "revision":
            return _REVISION, int(token or "0")
        case _:
            return _suffix(match["suffix"], match["number"])


def _component(digits: str) -> tuple[int | str, ...]:
    """A part after a dot: with a leading zero it counts as a fraction (1.05 < 1.1)."""
    if not digits:
        return _EMPTY, 0
    return (_FRACTION, digits) if digits[0] == "0" else (_DIGITS, int(digits))


def _suffix(word: str, number: str) -> tuple[int, ...]:
    ranked = (_PRE, _BEFORE[word]) if word in _BEFORE else (_POST, _AFTER[word])
    return (*ranked, _NUMBER, int(number)) if number else ranked
