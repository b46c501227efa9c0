"""The order of Dart's pub and of Julia: Semantic Versioning, except that build metadata counts, after all else."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from surveyor.scan.advise.keys import END, RELEASE, Key, bounded, identifier, numbers
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_FORM = regex(
    r"[vV]?(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-(?P<pre>[0-9A-Za-z.-]*)|(?P<loose>[A-Za-z][0-9A-Za-z.-]*))?(?:\+(?P<build>[0-9A-Za-z.-]*))?"
)


def key(version: str) -> Key:
    """Order of one version; raises ``Malformed`` when it does not start with numbers."""
    text = bounded(version)
    match = _FORM.fullmatch(text)
    if match is None:
        raise Malformed(f"not a version of numbers, pre-release and build: {text[:40]!r}")
    release, pre, loose, build = match.groups()
    early = (*_identifiers(pre or loose), END) if pre or loose else (RELEASE,)
    return *numbers(release), -1, *early, *_identifiers(build)


def _identifiers(text: str | None) -> Iterable[int | str]:
    return chain.from_iterable(map(identifier, text.split("."))) if text else ()
