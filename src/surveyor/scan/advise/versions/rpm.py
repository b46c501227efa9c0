"""The order of rpm distributions: ``[epoch:]version[-release]``, segments compared as rpm's rpmvercmp does.

``~`` sorts before everything, the end included; ``^`` right after the end; letters before digits; separators only
separate.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

from surveyor.scan.advise.keys import PARTS, Key, bounded
from surveyor.scan.patterns import regex

_SEGMENT = regex(r"[0-9]+|[A-Za-z]+|~|\^")
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)


def key(version: str) -> Key:
    """Order of one rpm version; a missing epoch is 0; only an empty or over-long one is ``Malformed``."""
    text = bounded(version)
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    upstream, hyphen, release = rest.rpartition("-")
    return *_segments(epoch), *_segments(upstream if hyphen else rest), *_segments(release if hyphen else "")


@lru_cache(maxsize=PARTS)
def _segments(text: str) -> Key:
    return *chain.from_iterable(map(_ranked, _SEGMENT.findall(text))), _END


@lru_cache(maxsize=PARTS)
def _ranked(segment: str) -> Key:
    if segment == "~":
        return (_TILDE,)
    if segment == "^":
        return (_CARET,)
    return (_DIGITS, int(segment)) if segment[0] <= "9" else (_LETTERS, segment)
