"""Apple's installer packages by what they say of themselves: ``PackageInfo`` of each, ``Distribution`` of a product.

Read by "Distribution Definition XML Schema Reference" and by what pkgbuild writes. They have no registry, so their PURL
is ``generic``, by the identifier that the receipt will have.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.xml import elements
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

#: Which elements name a package, and the attribute that does.
_NAMED = {
    ("pkg-info",): "identifier",
    ("installer-gui-script", "product"): "id",
    ("installer-script", "product"): "id",
}


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record when there is a version; a file of the same name that is no XML is another's."""
    if bytes(file.data[:512]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return
    for element in elements(file.data):
        key = _NAMED.get(element.path)
        if key is None:
            continue
        name, version = element.attributes.get(key, "").strip(), element.attributes.get("version", "").strip()
        if not (name and version):
            continue
        if not (plausible(name) and plausible(version)):
            raise Malformed(f"{element.path[-1]} has no usable name or version")
        budget.package()
        yield Record(type="generic", name=name, version=version, evidence=quote(identifier=name, version=version))


CATALOGER = Cataloger(
    id="macos_pkg",
    version=1,
    summary="macOS installer packages by their PackageInfo or Distribution",
    names=rb"PackageInfo|Distribution",
    paths=regex(rb"(?:^|\.m?pkg/)(?:PackageInfo|Distribution)$"),
    parse=parse,
    limit=4 * MIB,
)
