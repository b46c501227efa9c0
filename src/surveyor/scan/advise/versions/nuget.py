"""The order of NuGet: Semantic Versioning with up to four numbers; pre-release words without regard to case."""

from __future__ import annotations

import re

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.errors import Malformed

_FORM = re.compile(r"[vV]?(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?:-(?P<pre>[0-9A-Za-z.-]*))?(?:\+.*)?")
_DIGITS = re.compile(r"[0-9]+")
_NUMERIC, _WORD, _RELEASE = 1, 2, 3


def key(version: str) -> Key:
    """Order of one NuGet version; raises ``Malformed`` when it does not start with numbers."""
    text = bounded(version)
    match = _FORM.fullmatch(text)
    if match is None:
        raise Malformed(f"not a NuGet version: {text[:40]!r}")
    numbers = [int(part) for part in match["numbers"].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    out: list[int | str] = [number + 1 for number in numbers]
    out.append(0)
    if not match["pre"]:
        return (*out, _RELEASE)
    for part in match["pre"].lower().split("."):
        out += (_NUMERIC, int(part)) if _DIGITS.fullmatch(part) else (_WORD, part)
    return tuple(out)
