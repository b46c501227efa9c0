"""Cargo's lock file, of all its versions (the Cargo book)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.toml import tables, unquoted
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package that comes from somewhere: without a source it is a part of the project."""
    data = bytes(file.data)
    if b"[[package]]" not in data and b"version = " not in data and not data.lstrip().startswith(b"#"):
        raise Malformed("no lock file of Cargo")
    for table, keys in tables(data):
        if table != "package":
            continue
        name, version, source = (unquoted(keys.get(key, "")) for key in ("name", "version", "source"))
        if not (source and plausible(name) and plausible(version)):
            continue
        budget.package()
        yield Record(
            type="cargo",
            name=name,
            version=version,
            presence=Presence.DECLARED,
            evidence=quote(name=name, version=version, source=source[:120]),
        )


CATALOGER = Cataloger(
    id="cargo_lock",
    version=1,
    summary="Rust crates that Cargo.lock pins",
    names=rb"Cargo\.lock",
    paths=declares(rb"Cargo\.lock"),
    parse=parse,
    limit=64 * MIB,
)
