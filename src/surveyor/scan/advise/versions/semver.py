"""The order of Semantic Versioning 2.0 (npm, Go, crates.io and others): numbers, then pre-release identifiers.

Build metadata does not count. Lenient where packages are: a leading ``v``, fewer or more than three numbers, zeros in
front, a pre-release without its hyphen (1.0.0.beta.3, 1.9.0b1).
"""

from __future__ import annotations

import re

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.errors import Malformed

_FORM = re.compile(
    r"[vV=]?(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-(?P<pre>[0-9A-Za-z.-]*)|\.?(?P<loose>[A-Za-z][0-9A-Za-z.-]*))?(?:\+.*)?"
)
_DIGITS = re.compile(r"[0-9]+")
_NUMERIC, _WORD, _RELEASE = 1, 2, 3


def key(version: str) -> Key:
    """Order of one semantic version; raises ``Malformed`` when it does not start with numbers."""
    text = bounded(version)
    match = _FORM.fullmatch(text)
    if match is None:
        raise Malformed(f"not a semantic version: {text[:40]!r}")
    numbers = [int(part) for part in match["numbers"].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    # shifted by one so that the end of the numbers, 0, is below each of them
    return (*(number + 1 for number in numbers), 0, *_pre(match["pre"] or match["loose"]))


def _pre(text: str | None) -> list[int | str]:
    if not text:
        return [_RELEASE]
    out: list[int | str] = []
    for part in text.split("."):
        out += (_NUMERIC, int(part)) if _DIGITS.fullmatch(part) else (_WORD, part)
    return out
