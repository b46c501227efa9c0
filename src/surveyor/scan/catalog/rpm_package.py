"""RPM packages that lie as files: in a repository, on a disc, in an archive, or given alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.nevra import record_of
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.rpm.file import opened
from surveyor.scan.formats.rpm.package import package_of
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file, by its header; the distribution is the one it was built for, where it says so."""
    header, _ = opened(file.data)
    package = package_of(header)
    record = record_of(package, distro=package.built_for)
    if record is None:
        raise Malformed("RPM header has no usable name or version")
    budget.package()
    yield record


CATALOGER = Cataloger(
    id="rpm_package",
    version=1,
    summary="RPM packages as files, by their header",
    endings=rb"rpm",
    # what a package manager keeps of what it installed is told by its database
    paths=regex(rb"^(?!(?:.*/)?var/cache/).*\.rpm$", re.DOTALL),
    parse=parse,
    limit=16 * MIB,
    beginning=True,
)
