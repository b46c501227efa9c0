"""The order of CRAN and Hackage: numbers between dots or hyphens; a longer version is newer, all else equal."""

from __future__ import annotations

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_FORM = regex(r"[0-9]+(?:[.-][0-9]+)*")


def key(version: str) -> Key:
    """Order of one version of numbers; anything else is ``Malformed``."""
    text = bounded(version)
    if not _FORM.fullmatch(text):
        raise Malformed(f"not a version of numbers: {text[:40]!r}")
    return tuple(map(int, text.replace("-", ".").split(".")))
