"""What every version order shares: the shape of a key, the bound on a version, and the digits that count as digits."""

from __future__ import annotations

import re
from typing import TypeAlias

from surveyor.scan.errors import Malformed

#: A version as a flat tuple. Two keys of one scheme compare by ``<``: where all positions before are equal, the values
#: at one position are of one type; each scheme ensures that by a rank in front of each value.
Key: TypeAlias = tuple[int | str, ...]

#: No registry or distribution has a version near this; it keeps the conversion of long digit runs cheap.
MAX_LENGTH = 1024

_ODD = re.compile(r"[\x00-\x20\x7f]")


def bounded(version: str) -> str:
    """The version without surrounding blanks; ``Malformed`` when empty, over-long, or with blanks or controls in it."""
    text = version.strip(" \t\r\n")
    if not text:
        raise Malformed("an empty version")
    if len(text) > MAX_LENGTH:
        raise Malformed(f"a version of {len(text):,} characters")
    if _ODD.search(text):
        raise Malformed(f"a version with blanks or control characters: {text[:40]!r}")
    return text
