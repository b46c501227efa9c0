"""Alpine package files that are not installed anywhere: what their .PKGINFO says (APKv2, apk-package(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.package_info import record_of
from surveyor.scan.errors import Unsupported
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_ZIP = b"PK"
_ADB = b"ADB"  # apk-tools 3 keeps packages in a format of its own


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file; an Android package has the same ending and is none of Alpine's."""
    if bytes(file.data[:2]) == _ZIP:
        return
    if bytes(file.data[:3]) == _ADB:
        raise Unsupported("Alpine packages of version 3 are not read yet")
    record = record_of(file.data, budget, type_="apk", source="origin", distro="alpine")
    budget.package()
    yield record


CATALOGER = Cataloger(
    id="alpine_package",
    version=1,
    summary="Alpine package files (.apk) by their .PKGINFO",
    endings=rb"apk",
    # what a package manager keeps of what it installed is told by its database
    paths=regex(rb"^(?!(?:.*/)?(?:var/cache|etc/apk/cache)/).*\.apk$", re.DOTALL),
    parse=parse,
    limit=4 * MIB,
    beginning=True,
)
