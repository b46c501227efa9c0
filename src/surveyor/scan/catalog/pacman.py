"""Packages of Arch Linux and its relatives, by pacman's local database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, related, text
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import SourcePackage
from surveyor.scan.patterns import regex

_FIELD = regex(
    rb"^%(NAME|VERSION|BASE|ARCH|LICENSE|DEPENDS|PROVIDES)%\n([^\n%][^\n]*(?:\n[^\n%][^\n]*)*)", re.MULTILINE
)
#: A package or a library, before the versions of it that will do.
_NEED = regex(r"[^<>=]+")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a ``desc`` file: a ``%KEY%`` line, then lines of values up to a blank one."""
    found = {key.decode(): value.splitlines() for key, value in _FIELD.findall(bytes(file.data))}
    name, version, base, arch = (text(found.get(key, [b""])[0]) for key in ("NAME", "VERSION", "BASE", "ARCH"))
    if not (plausible(name) and plausible(version)):
        raise Malformed("pacman record has no usable name or version")
    budget.package()
    yield Record(
        type="alpm",
        name=name.lower(),
        version=version,
        arch=arch if plausible(arch) else None,
        licenses=tuple(one for line in found.get("LICENSE", [])[:5] for one in licence(text(line))),
        source=SourcePackage(name=base, version=version) if plausible(base) else None,
        called=related([name, *_needs(found.get("PROVIDES", []))], budget),
        needs=related(_needs(found.get("DEPENDS", [])), budget),
        evidence=quote(NAME=name, VERSION=version, BASE=base, ARCH=arch),
    )


def _needs(lines: list[bytes]) -> Iterator[str]:
    return (found[0] for line in lines if (found := _NEED.match(text(line))))


CATALOGER = Cataloger(
    id="pacman",
    version=2,
    summary="Packages of Arch Linux by pacman's local database",
    names=rb"desc",
    paths=regex(rb"^(?P<root>(?:.*?/)??)var/lib/pacman/local/[^/]+/desc$", re.DOTALL),
    parse=parse,
    system=True,
    places=(b"var/lib/pacman/local/",),
    limit=MIB,
)
