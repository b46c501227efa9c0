"""Julia packages: those in a depot, by their Project.toml, and those that a Manifest.toml pins (Pkg documentation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.toml import tables, unquoted
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

#: Below its name a depot keeps each version in a folder of five letters and digits, once four.
_DEPOT = rb"packages/[^/]+/[A-Za-z0-9]{4,5}/(?:Julia)?Project\.toml"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of a depot, or one an entry; the standard library had no versions in a manifest before 1.11.

    What is developed in a folder is a part of the project.
    """
    if file.path.endswith("Project.toml"):
        _, keys = next(tables(bytes(file.data)))
        record = _record(unquoted(keys.get("name", "")), keys, Presence.INSTALLED)
        if record is None:
            raise Malformed("Project.toml of a depot has no usable name, version or uuid")
        budget.package()
        yield record
        return
    for table, keys in tables(bytes(file.data)):
        name = table.removeprefix("deps.")
        if "uuid" in keys and "path" not in keys and (record := _record(name, keys, Presence.DECLARED)):
            budget.package()
            yield record


def _record(name: str, keys: dict[str, str], presence: Presence) -> Record | None:
    version, uuid = (unquoted(keys.get(key, "")) for key in ("version", "uuid"))
    if not (plausible(name) and plausible(version) and plausible(uuid)):
        return None
    return Record(
        type="julia",
        name=name,
        version=version,
        presence=presence,
        qualifiers=(("uuid", uuid),),
        evidence=quote(name=name, version=version, uuid=uuid),
    )


CATALOGER = Cataloger(
    id="julia",
    version=2,
    summary="Julia packages in depots, and those that Manifest.toml pins",
    names=rb"(?:Project|Manifest|JuliaProject|JuliaManifest)(?:-v[0-9.]+)?\.toml",
    paths=regex(
        rb"(?:^|/)" + _DEPOT + rb"$|" + declares(rb"(?:Julia)?Manifest(?:-v[0-9.]+)?\.toml").pattern, re.DOTALL
    ),
    parse=parse,
    limit=16 * MIB,
)
