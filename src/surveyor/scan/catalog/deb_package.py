"""Debian package files that are not installed anywhere: what their control file says (deb(5), deb-control(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.debian import record_of
from surveyor.scan.catalog.interface import Cataloger, File, Record, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats import ar, stanza
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro
from surveyor.scan.patterns import regex
from surveyor.scan.tree.members import first

_CONTROL = regex(rb"control")
_CONTROL_BYTES = MIB
#: Uploads to a stable release say which: security and point updates, and backports.
_RELEASE = regex(r"(?:\+deb|~deb|~bpo)(?P<debian>\d+)(?:u|\+)")
_UBUNTU = regex(r"ubuntu[\d.]*?(?:\.|~)(?P<version>\d\d\.(?:04|10))(?:\.|$|~|\+)")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file; the distribution is what version and maintainer tell of it."""
    fields = {key: text(value) for key, value in stanza.fields(_control(file.data, budget)).items()}
    record = record_of(fields, distro=_distro(fields.get("Version", ""), fields.get("Maintainer", "")))
    if record is None:
        raise Malformed("control file has no usable name or version")
    budget.package()
    yield record


def _control(data: memoryview, budget: Budget) -> bytes:
    for member in ar.members(data):
        if member.name.startswith(b"control.tar"):
            packed = data[member.start : member.start + member.size]
            if (found := first(packed, _CONTROL, budget, _CONTROL_BYTES)) is not None:
                return found
            break
    raise Malformed("Debian package without a control file")


def _distro(version: str, maintainer: str) -> Distro | None:
    if release := _UBUNTU.search(version):
        return Distro(id="ubuntu", version=release["version"])
    if "ubuntu" in version or maintainer.endswith("ubuntu.com>"):
        return Distro(id="ubuntu")
    if release := _RELEASE.search(version):
        return Distro(id="debian", version=release["debian"])
    return Distro(id="debian") if maintainer.endswith(("debian.org>", "debian.net>")) else None


CATALOGER = Cataloger(
    id="deb_package",
    version=1,
    summary="Debian package files (.deb, .udeb) by their control file",
    endings=rb"u?deb",
    # what a package manager keeps of what it installed is told by its database
    paths=regex(rb"^(?!(?:.*/)?var/cache/).*\.u?deb$", re.DOTALL),
    parse=parse,
    limit=8 * MIB,
    beginning=True,
)
