"""What Apple's installer noted: receipts of packages in ``var/db/receipts``, and which macOS a system is.

A receipt is a property list with ``PackageIdentifier`` and ``PackageVersion`` (``man pkgutil``); the system names
itself in ``SystemVersion.plist``. Neither has a registry: their PURL is ``generic``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats import plist
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_NAME = 200


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a receipt; none for lists of another kind that lie among them."""
    values = plist.mapping(plist.load(file.data))
    system = file.path.endswith("SystemVersion.plist")
    keys = ("ProductName", "ProductVersion") if system else ("PackageIdentifier", "PackageVersion")
    name, version = (" ".join(plist.string(values.get(key)).split()) for key in keys)
    if not (name and version):
        return
    if not all(len(value) <= _NAME and value.isprintable() for value in (name, version)):
        raise Malformed("receipt has no usable name or version")
    build = plist.string(values.get("ProductBuildVersion")).strip() if system else ""
    budget.package()
    yield Record(
        type="generic",
        name=name,
        version=version,
        evidence=quote(**{keys[0]: name, keys[1]: version, "ProductBuildVersion": build}),
        qualifiers=(("build", build),) if build.isalnum() and len(build) <= _NAME else (),
    )


CATALOGER = Cataloger(
    id="macos_receipt",
    version=1,
    summary="packages that macOS's installer noted, and the version of macOS",
    names=rb"SystemVersion\.plist|(?<=/receipts/)[^/]+\.plist",
    paths=regex(
        rb"(?:^|/)(?:(?:private/)?var/db/receipts/[^/]+\.plist|System/Library/CoreServices/SystemVersion\.plist)$",
        re.DOTALL,
    ),
    parse=parse,
    limit=MIB,
)
