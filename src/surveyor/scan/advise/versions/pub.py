"""The order of Dart's pub: Semantic Versioning, except that build metadata counts, after everything else."""

from __future__ import annotations

import re

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.errors import Malformed

_FORM = re.compile(r"v?(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?:-(?P<pre>[0-9A-Za-z.-]*))?(?:\+(?P<build>[0-9A-Za-z.-]*))?")
_DIGITS = re.compile(r"[0-9]+")
_END, _NUMERIC, _WORD, _RELEASE = range(4)


def key(version: str) -> Key:
    """Order of one pub version; raises ``Malformed`` when it does not start with numbers."""
    text = bounded(version)
    match = _FORM.fullmatch(text)
    if match is None:
        raise Malformed(f"not a pub version: {text[:40]!r}")
    numbers = [int(part) for part in match["numbers"].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    pre = [*_identifiers(match["pre"]), _END] if match["pre"] else [_RELEASE]
    return (*(number + 1 for number in numbers), 0, *pre, *_identifiers(match["build"] or ""))


def _identifiers(text: str) -> list[int | str]:
    out: list[int | str] = []
    for part in text.split(".") if text else ():
        out += (_NUMERIC, int(part)) if _DIGITS.fullmatch(part) else (_WORD, part)
    return out
