"""The order of NuGet: Semantic Versioning with up to four numbers; pre-release words without regard to case."""

from __future__ import annotations

from itertools import chain

from surveyor.scan.advise.keys import RELEASE, Key, bounded, identifier, numbers
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_FORM = regex(r"[vV]?(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?:-(?P<pre>[0-9A-Za-z.-]*))?(?:\+.*)?")


def key(version: str) -> Key:
    """Order of one NuGet version; raises ``Malformed`` when it does not start with numbers."""
    text = bounded(version)
    match = _FORM.fullmatch(text)
    if match is None:
        raise Malformed(f"not a NuGet version: {text[:40]!r}")
    release, pre = match.groups()
    if pre:
        return *numbers(release), -1, *chain.from_iterable(map(identifier, pre.lower().split(".")))
    return *numbers(release), -1, RELEASE
