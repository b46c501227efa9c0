"""Package files of Arch Linux and its relatives that are not installed: what their .PKGINFO says (makepkg(8))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.package_info import record_of
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file."""
    record = record_of(file.data, budget, type_="alpm", source="pkgbase", distro="arch")
    budget.package()
    yield record


CATALOGER = Cataloger(
    id="arch_package",
    version=2,
    summary="Package files of Arch Linux (.pkg.tar.*) by their .PKGINFO",
    endings=rb"pkg\.tar(?:\.(?:zst|xz|gz|bz2|lz4|lz))?",
    # what a package manager keeps of what it installed is told by its database
    paths=regex(rb"^(?!(?:.*/)?var/cache/).*\.pkg\.tar(?:\.(?:zst|xz|gz|bz2|lz4|lz))?$", re.DOTALL),
    parse=parse,
    limit=4 * MIB,
    beginning=True,
)
