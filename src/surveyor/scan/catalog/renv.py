"""R packages that renv.lock pins (renv documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.formats.json import load_object, mapping, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package, wherever it is from."""
    for key, value in mapping(load_object(file.data).get("Packages")).items():
        entry = mapping(value)
        name, version = string(entry.get("Package")) or key, string(entry.get("Version"))
        if not (plausible(name) and plausible(version)):
            continue
        budget.package()
        yield Record(
            type="bioconductor" if string(entry.get("Source")) == "Bioconductor" else "cran",
            name=name,
            version=version,
            presence=Presence.DECLARED,
            evidence=quote(Package=name, Version=version, Source=string(entry.get("Source"))[:60]),
        )


CATALOGER = Cataloger(
    id="renv",
    version=1,
    summary="R packages that renv.lock pins",
    names=rb"renv\.lock",
    paths=declares(rb"renv\.lock"),
    parse=parse,
    limit=16 * MIB,
)
