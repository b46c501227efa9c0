"""Alpine package files that are not installed anywhere: what their .PKGINFO says (APKv2, apk-package(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.formats import pkginfo
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro, SourcePackage
from surveyor.scan.tree.members import first

_INFO = re.compile(rb"\.PKGINFO")
_INFO_BYTES = 2 * MIB
_ZIP = b"PK"
_ADB = b"ADB"  # apk-tools 3 keeps packages in a format of its own


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file; an Android package has the same ending and is none of Alpine's."""
    if bytes(file.data[:2]) == _ZIP:
        return
    if bytes(file.data[:3]) == _ADB:
        raise Unsupported("Alpine packages of version 3 are not read yet")
    found = first(file.data, _INFO, budget, _INFO_BYTES)
    if found is None:
        raise Malformed("Alpine package without .PKGINFO")
    fields = {key: text(value.encode()) for key, value in pkginfo.fields(found).items()}
    name, version, origin = (fields.get(key, "") for key in ("pkgname", "pkgver", "origin"))
    if not (plausible(name) and plausible(version)):
        raise Malformed(".PKGINFO has no usable name or version")
    budget.package()
    yield Record(
        type="apk",
        name=name,
        version=version,
        arch=fields.get("arch") or None,
        licenses=licence(fields.get("license", "")),
        source=SourcePackage(name=origin, version=version) if plausible(origin) else None,
        distro=Distro(id="alpine") if fields.get("packager", "").endswith("alpinelinux.org>") else None,
        evidence=quote(pkgname=name, pkgver=version, arch=fields.get("arch"), origin=origin),
    )


CATALOGER = Cataloger(
    id="alpine_package",
    version=1,
    summary="Alpine package files (.apk) by their .PKGINFO",
    endings=rb"apk",
    # what a package manager keeps of what it installed is told by its database
    paths=re.compile(rb"^(?!(?:.*/)?(?:var/cache|etc/apk/cache)/).*\.apk$", re.DOTALL),
    parse=parse,
    limit=4 * MIB,
    beginning=True,
)
