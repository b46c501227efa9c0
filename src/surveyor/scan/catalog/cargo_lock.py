"""Cargo's lock file, of all its versions (the Cargo book)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, related
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.toml import tables, unquoted
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_KEYS = ("name", "version", "source", "checksum")
_LISTS = frozenset({"dependencies"})
_DEPENDENCY = regex(r'"([\w-]+)(?: ([^" ]+))?[^"]*"')
_SHA256 = regex(r"[0-9a-f]{64}")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package that comes from somewhere: without a source it is a part of the project."""
    data = bytes(file.data)
    if b"[[package]]" not in data and b"version = " not in data and not data.lstrip().startswith(b"#"):
        raise Malformed("no lock file of Cargo")
    for table, keys in tables(data, lists=_LISTS):
        if table != "package":
            continue
        name, version, source, checksum = (unquoted(keys.get(key, "")) for key in _KEYS)
        if not (source and plausible(name) and plausible(version)):
            continue
        budget.package()
        yield Record(
            type="cargo",
            name=name,
            version=version,
            presence=Presence.DECLARED,
            evidence=quote(name=name, version=version, source=source[:120]),
            called=(name, f"{name}@{version}"),
            needs=related(_needs(keys.get("dependencies", "")), budget),
            hashes=(f"sha256:{checksum}",) if _SHA256.fullmatch(checksum) else (),
        )


def _needs(listed: str) -> Iterator[str]:
    """Crates as the list names them: with a version where several of the name are locked."""
    for name, version in _DEPENDENCY.findall(listed):
        yield f"{name}@{version}" if version else name


CATALOGER = Cataloger(
    id="cargo_lock",
    version=2,
    summary="Rust crates that Cargo.lock pins",
    names=rb"Cargo\.lock",
    paths=declares(rb"Cargo\.lock"),
    parse=parse,
    limit=64 * MIB,
)
