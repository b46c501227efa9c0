"""The order of Maven, as the POM reference specifies it: tokens with separators, null values trimmed, known qualifiers.

A key holds the end of a version as a rank of its own, where padding with null values would put it, so keys compare as
plain tuples. A number behind a dot is above everything else that may stand in its place, so it needs no rank.
"""

from __future__ import annotations

from typing import Final

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.patterns import regex

_PLAIN = regex(r"[0-9]+(?:\.[0-9]+)*")
_TOKEN = regex(r"([.-]?)([0-9]+|[^0-9.-]+|)")
_ALIASES: Final = {"a": "alpha", "b": "beta", "m": "milestone"}
_BELOW: Final = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4}
_NULL: Final = frozenset({"", "ga", "final", "release"})
# ranks at one position, lowest first, all below a number
_EARLY, _END, _SP, _WORD, _DASHED = range(-5, 0)
_Token = tuple[str, int | str]


def key(version: str) -> Key:
    """Order of one Maven version; only an empty or over-long one is ``Malformed``."""
    text = bounded(version)
    if _PLAIN.fullmatch(text):
        return *_plain(text), _END
    out: list[int | str] = []
    for separator, value in _trimmed(_tokens(text.lower())):
        if isinstance(value, int):
            out += (_DASHED, value) if separator == "-" else (value,)
        elif value in _BELOW:
            out += (_EARLY, _BELOW[value])
        elif value in _NULL:
            out.append(_END)
        else:
            out += (_SP,) if value == "sp" else (_WORD, value)
    return *out, _END


def _plain(text: str) -> list[int]:
    out = [*map(int, text.split("."))]
    while len(out) > 1 and not out[-1]:
        out.pop()
    return out


def _tokens(text: str) -> list[_Token]:
    """Split at dots, hyphens and between digits and letters; such a change counts as a hyphen."""
    raw = [(match[1], match[2], match.end()) for match in _TOKEN.finditer(text) if match[0]]
    out: list[_Token] = []
    for separator, value, end in raw:
        joined = "" if not out else separator or "-"
        if value.isascii() and value.isdecimal():
            out.append((joined, int(value)))
        else:
            digit_follows = end < len(text) and "0" <= text[end] <= "9"
            out.append((joined, _ALIASES.get(value, value) if digit_follows else value or 0))
    return out


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    """Drop null values before each hyphen, before each qualifier and at the end; the first token stays."""
    out: list[_Token] = []
    for token in tokens:
        if token[0] == "-" or isinstance(token[1], str):
            _drop_nulls(out)
        out.append(token)
    _drop_nulls(out)
    return out


def _drop_nulls(tokens: list[_Token]) -> None:
    while len(tokens) > 1 and (tokens[-1][1] == 0 or tokens[-1][1] in _NULL):
        tokens.pop()
