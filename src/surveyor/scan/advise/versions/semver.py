"""The order of Semantic Versioning 2.0 (npm, Go, crates.io and others): numbers, then pre-release identifiers.

Build metadata does not count. Lenient where packages are: a leading ``v``, fewer or more than three numbers, zeros in
front, a pre-release without its hyphen (1.0.0.beta.3, 1.9.0b1).
"""

from __future__ import annotations

from itertools import chain

from surveyor.scan.advise.keys import RELEASE, Key, bounded, identifier, numbers
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_FORM = regex(
    r"[vV=]?(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-(?P<pre>[0-9A-Za-z.-]*)|\.?(?P<loose>[A-Za-z][0-9A-Za-z.-]*))?(?:\+.*)?"
)


def key(version: str) -> Key:
    """Order of one semantic version; raises ``Malformed`` when it does not start with numbers."""
    text = bounded(version)
    match = _FORM.fullmatch(text)
    if match is None:
        raise Malformed(f"not a semantic version: {text[:40]!r}")
    release, pre, loose = match.groups()
    # the end of the numbers, -1, is below each of them
    if early := pre or loose:
        return *numbers(release), -1, *chain.from_iterable(map(identifier, early.split(".")))
    return *numbers(release), -1, RELEASE
