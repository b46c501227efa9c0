"""Debian packages that a repository offers, by its ``Packages`` indexes (Debian repository format)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.debian import record_of
from surveyor.scan.catalog.interface import Cataloger, File, Record, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats import release
from surveyor.scan.formats.pieces import pieces
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro, Presence
from surveyor.scan.patterns import regex
from surveyor.scan.tree.stream import contents
from surveyor.scan.vocabulary import counted

_FIELDS = regex(rb"^(Package|Version|Source|Architecture):[ \t]*([^\r\n]*)", re.MULTILINE)
_SUITE = regex(r"(?:^|/)dists/(?P<name>[a-z]+)")
_LONGEST = 4 * MIB


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a stanza; the distribution is the one whose release the folder below ``dists`` is named after."""
    distro, broken = _distro(file.path), 0
    for stanza, _ in pieces(contents(file.data, budget), b"\n\n", _LONGEST):
        if not stanza.strip():
            continue
        fields = {key.decode(): text(value) for key, value in _FIELDS.findall(stanza)}
        record = record_of(fields, presence=Presence.DECLARED, distro=distro)
        if record is None:
            broken += 1
            continue
        budget.package()
        yield record
    if broken:
        raise Malformed(f"{counted(broken, 'stanza')} of a Packages index without a usable name or version")


def _distro(path: str) -> Distro | None:
    """A suite such as ``bookworm-security``; ``stable`` is another release each time, and tells nothing."""
    found = _SUITE.search(path)
    return release.by_codename(found["name"]) if found else None


CATALOGER = Cataloger(
    id="debian_index",
    version=1,
    summary="Debian packages that a repository offers, by its Packages indexes",
    names=rb"Packages(?:\.(?:gz|xz|bz2|lzma|zst))?",
    paths=regex(rb"^(?:.*/)?dists/[^/]+/(?:.*/)?Packages(?:\.(?:gz|xz|bz2|lzma|zst))?$", re.DOTALL),
    parse=parse,
    limit=64 * MIB,
)
