"""R packages in libraries, by the DESCRIPTION that R completes when it installs one."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.stanza import fields, stanzas
from surveyor.scan.limits import Budget
from surveyor.scan.patterns import regex

_FILE = regex(r" ?\+ ?file LICEN[SC]E")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record of an installed package; without ``Built`` it is a source tree, or another kind of file, and none."""
    found = fields(next(stanzas(bytes(file.data)), b""))
    if not {"Package", "Built"} <= found.keys():
        return
    name, version = text(found["Package"]), text(found.get("Version", b""))
    if not (plausible(name) and plausible(version)):
        raise Malformed("DESCRIPTION has no usable package name or version")
    budget.package()
    yield Record(
        type="bioconductor" if "biocViews" in found else "cran",
        name=name,
        version=version,
        licenses=licence(_FILE.sub("", text(found.get("License", b"")))),
        evidence=quote(Package=name, Version=version, Built=text(found["Built"])),
    )


CATALOGER = Cataloger(
    id="cran",
    version=1,
    summary="R packages installed in a library",
    names=rb"DESCRIPTION",
    paths=regex(rb"(?:^|/)[^/]+/DESCRIPTION$"),
    parse=parse,
    limit=256 << 10,
    beginning=True,
)
