"""Package files of Arch Linux and its relatives that are not installed: what their .PKGINFO says (makepkg(8))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats import pkginfo
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro, SourcePackage
from surveyor.scan.tree.members import first

_INFO = re.compile(rb"\.PKGINFO")
_INFO_BYTES = 2 * MIB


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file."""
    found = first(file.data, _INFO, budget, _INFO_BYTES)
    if found is None:
        raise Malformed("package without .PKGINFO")
    fields = {key: text(value.encode()) for key, value in pkginfo.fields(found).items()}
    name, version, base = (fields.get(key, "") for key in ("pkgname", "pkgver", "pkgbase"))
    if not (plausible(name) and plausible(version)):
        raise Malformed(".PKGINFO has no usable name or version")
    budget.package()
    yield Record(
        type="alpm",
        name=name,
        version=version,
        arch=fields.get("arch") or None,
        licenses=licence(fields.get("license", "")),
        source=SourcePackage(name=base, version=version) if plausible(base) else None,
        distro=Distro(id="arch") if fields.get("packager", "").endswith("archlinux.org>") else None,
        evidence=quote(pkgname=name, pkgver=version, arch=fields.get("arch"), pkgbase=base),
    )


CATALOGER = Cataloger(
    id="arch_package",
    version=1,
    summary="Package files of Arch Linux (.pkg.tar.*) by their .PKGINFO",
    endings=rb"pkg\.tar(?:\.(?:zst|xz|gz|bz2|lz4|lz))?",
    # what a package manager keeps of what it installed is told by its database
    paths=re.compile(rb"^(?!(?:.*/)?var/cache/).*\.pkg\.tar(?:\.(?:zst|xz|gz|bz2|lz4|lz))?$", re.DOTALL),
    parse=parse,
    limit=4 * MIB,
    beginning=True,
)
