"""The order of RubyGems: segments of digits and letters, a missing segment is 0, letters before every number."""

from __future__ import annotations

import re

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.errors import Malformed

_FORM = re.compile(r"[0-9A-Za-z._+-]+")
_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+")
# zeros before letters sort between the letters themselves and the end: the end is a zero, what follows it is less
_WORD, _ZEROS, _END, _NUMBER = range(4)


def key(version: str) -> Key:
    """Order of one gem's version; raises ``Malformed`` on signs that RubyGems does not know."""
    text = bounded(version)
    if not _FORM.fullmatch(text):
        raise Malformed(f"not a gem version: {text[:40]!r}")
    segments = _SEGMENT.findall(text.replace("-", ".pre."))
    if not segments:
        raise Malformed(f"not a gem version: {text[:40]!r}")
    return _ordered([int(part) if part[0] <= "9" else part for part in segments])


def _ordered(segments: list[int | str]) -> Key:
    out: list[int | str] = []
    zeros, seen_word = 0, False
    for value in segments:
        if value == 0:
            zeros += 1
            continue
        if isinstance(value, int):
            out += (_NUMBER, 0) * zeros + (_NUMBER, value)
        else:
            # zeros between the numbers and the first word are dropped (1.0.a is 1.a); later ones are not
            out += (_ZEROS, zeros, _WORD, value) if zeros and seen_word else (_WORD, value)
            seen_word = True
        zeros = 0
    out += (_END, 0)
    return tuple(out)
