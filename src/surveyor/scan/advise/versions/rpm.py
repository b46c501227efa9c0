"""The order of rpm distributions: ``[epoch:]version[-release]``, segments compared as rpm's rpmvercmp does.

``~`` sorts before everything, the end included; ``^`` right after the end; letters before digits; separators only
separate.
"""

from __future__ import annotations

import re

from surveyor.scan.advise.keys import Key, bounded

_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)


def key(version: str) -> Key:
    """Order of one rpm version; a missing epoch is 0; only an empty or over-long one is ``Malformed``."""
    text = bounded(version)
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    release = ""
    if "-" in rest:
        rest, _, release = rest.rpartition("-")
    return (*_segments(epoch), *_segments(rest), *_segments(release))


def _segments(text: str) -> list[int | str]:
    out: list[int | str] = []
    for segment in _SEGMENT.findall(text):
        if segment == "~":
            out += (_TILDE, 0)
        elif segment == "^":
            out += (_CARET, 0)
        elif segment[0] <= "9":
            out += (_DIGITS, int(segment))
        else:
            out += (_LETTERS, segment)
    out += (_END, 0)
    return out
