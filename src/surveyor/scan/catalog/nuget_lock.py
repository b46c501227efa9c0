"""NuGet's lock file packages.lock.json (NuGet documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.formats.json import load_object, mapping, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of a target framework; what is of type ``Project`` is a part of the solution."""
    for framework, packages in mapping(load_object(file.data).get("dependencies")).items():
        for name, value in mapping(packages).items():
            entry = mapping(value)
            kind, version = string(entry.get("type")), string(entry.get("resolved"))
            if kind == "Project" or not (plausible(name) and plausible(version)):
                continue
            budget.package()
            yield Record(
                type="nuget",
                name=name,
                version=version,
                presence=Presence.DECLARED,
                evidence=quote(name=name, resolved=version, type=kind[:40], framework=framework[:80]),
            )


CATALOGER = Cataloger(
    id="nuget_lock",
    version=1,
    summary=".NET packages that packages.lock.json pins",
    names=rb"packages\.lock\.json",
    paths=declares(rb"packages\.lock\.json"),
    parse=parse,
    limit=16 * MIB,
)
