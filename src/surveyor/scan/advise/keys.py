"""What several version orders share: the shape of a key, the bound on a version, numbers, and identifiers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

#: A version as a flat tuple. Two keys of one scheme compare by ``<``: where all positions before are equal, the values
#: at one position are of one type; each scheme ensures that by a rank in front of each value, or by negative ranks
#: where a number may stand.
Key: TypeAlias = tuple[int | str, ...]

#: No registry or distribution has a version near this; it keeps the conversion of long digit runs cheap.
MAX_LENGTH = 1024

#: What a scheme keeps of the parts that versions are made of. Most versions are made of few.
PARTS: Final = 1024

#: Ranks of semantic versions: a pre-release ends before it goes on, and the release is above all of them.
END, NUMERIC, WORD, RELEASE = range(4)

_ODD = regex(r"[\x00-\x20\x7f]")


def bounded(version: str) -> str:
    """The version without surrounding blanks; ``Malformed`` when empty, over-long, or with blanks or controls in it."""
    # nearly all go this way, at a fifth of the cost
    if 0 < len(version) <= MAX_LENGTH and version.isprintable() and " " not in version:
        return version
    text = version.strip(" \t\r\n")
    if not text:
        raise Malformed("an empty version")
    if len(text) > MAX_LENGTH:
        raise Malformed(f"a version of {len(text):,} characters")
    if _ODD.search(text):
        raise Malformed(f"a version with blanks or control characters: {text[:40]!r}")
    return text


def numbers(text: str) -> list[int]:
    """Digits between dots as numbers; zeros at the end say nothing."""
    out = [*map(int, text.split("."))]
    while out and not out[-1]:
        out.pop()
    return out


@lru_cache(maxsize=PARTS)
def identifier(text: str) -> tuple[int, int | str]:
    """One identifier of Semantic Versioning: numbers are below words."""
    return (NUMERIC, int(text)) if text.isascii() and text.isdecimal() else (WORD, text)
