"""Debian packages that a repository offers, by its ``Packages`` indexes (Debian repository format)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, debian_source, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.pieces import pieces
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro, Presence
from surveyor.scan.tree.stream import contents
from surveyor.scan.vocabulary import counted

_FIELDS = re.compile(rb"^(Package|Version|Source|Architecture):[ \t]*([^\r\n]*)", re.MULTILINE)
_SUITE = re.compile(r"(?:^|/)dists/(?P<name>[a-z]+)")
_LONGEST = 4 * MIB
_DEBIAN = ("buster", "bullseye", "bookworm", "trixie", "forky", "duke")
_FIRST = 10  # buster
_UBUNTU = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
}


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a stanza; the distribution is the one whose release the folder below ``dists`` is named after."""
    distro, broken = _distro(file.path), 0
    for stanza, _ in pieces(contents(file.data, budget), b"\n\n", _LONGEST):
        fields = {key.decode(): text(value) for key, value in _FIELDS.findall(stanza)}
        name, version = fields.get("Package", ""), fields.get("Version", "")
        if not stanza.strip():
            continue
        if not (plausible(name) and plausible(version)):
            broken += 1
            continue
        budget.package()
        yield Record(
            type="deb",
            name=name,
            version=version,
            arch=fields.get("Architecture") or None,
            source=debian_source(fields.get("Source", ""), version),
            presence=Presence.DECLARED,
            distro=distro,
            evidence=quote(Package=name, Version=version, Source=fields.get("Source")),
        )
    if broken:
        raise Malformed(f"{counted(broken, 'stanza')} of a Packages index without a usable name or version")


def _distro(path: str) -> Distro | None:
    """A suite such as ``bookworm-security``; ``stable`` is another release each time, and tells nothing."""
    found = _SUITE.search(path)
    name = found["name"] if found else ""
    if name in _UBUNTU:
        return Distro(id="ubuntu", version=_UBUNTU[name])
    return Distro(id="debian", version=str(_FIRST + _DEBIAN.index(name))) if name in _DEBIAN else None


CATALOGER = Cataloger(
    id="debian_index",
    version=1,
    summary="Debian packages that a repository offers, by its Packages indexes",
    names=rb"Packages(?:\.(?:gz|xz|bz2|lzma|zst))?",
    paths=re.compile(rb"^(?:.*/)?dists/[^/]+/(?:.*/)?Packages(?:\.(?:gz|xz|bz2|lzma|zst))?$", re.DOTALL),
    parse=parse,
    limit=64 * MIB,
)
