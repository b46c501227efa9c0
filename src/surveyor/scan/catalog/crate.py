"""Rust crates as the registry has them: what the Cargo.toml says that cargo wrote into them (Cargo Book)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.members import first

_MANIFEST = regex(rb"[^/]+/Cargo\.toml")
_PACKAGE = regex(rb"^\[package\][ \t]*\r?$", re.MULTILINE)
#: Cargo writes the manifest of a package anew: one key a line, strings in double quotes.
_FIELD = regex(rb'^(name|version|license)[ \t]*=[ \t]*"([^"\n]*)"', re.MULTILINE)


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file."""
    manifest = first(file.data, _MANIFEST, budget, MIB)
    if manifest is None:
        raise Malformed("crate without Cargo.toml")
    head = _PACKAGE.search(manifest)
    table = manifest[head.end() :].partition(b"\n[")[0] if head else b""
    fields = {key.decode(): text(value) for key, value in _FIELD.findall(table)}
    name, version = fields.get("name", ""), fields.get("version", "")
    if not (plausible(name) and plausible(version)):
        raise Malformed("Cargo.toml has no usable name or version")
    budget.package()
    yield Record(
        type="cargo",
        name=name,
        version=version,
        licenses=licence(fields.get("license", "")),
        evidence=quote(name=name, version=version),
    )


CATALOGER = Cataloger(
    id="crate",
    version=1,
    summary="Rust crate files (.crate) by their Cargo.toml",
    endings=rb"crate",
    # cargo keeps each file that it fetched, whether it went into a program or not
    paths=regex(rb"^(?!(?:.*/)?cache/).*\.crate$", re.DOTALL),
    parse=parse,
    limit=16 * MIB,
    beginning=True,
)
