"""npm packages that are there: a package.json right inside its folder of node_modules, or in the registry's archive."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_NAME = regex(r"(?:@(?P<scope>[^/@\s]+)/)?(?P<name>[^/@\s]+)")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record when the manifest has a name and a version; without them it is a part of another package, and none."""
    try:
        manifest = orjson.loads(file.data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"package.json is no JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise Malformed("package.json is no object")
    name, version = manifest.get("name"), manifest.get("version")
    if not (isinstance(name, str) and isinstance(version, str)):
        return
    found = _NAME.fullmatch(name)
    version = version.strip().lstrip("=v")
    if not (found and plausible(name) and plausible(version)):
        raise Malformed("package.json has no usable name or version")
    budget.package()
    yield Record(
        type="npm",
        namespace=f"@{found['scope'].lower()}" if found["scope"] else None,
        name=found["name"].lower(),
        version=version,
        licenses=_licenses(manifest),
        evidence=quote(name=name, version=version),
    )


def _licenses(manifest: dict[str, object]) -> tuple[str, ...]:
    """``license`` as a string, or the object and list forms of old manifests."""
    value = manifest.get("license") or manifest.get("licenses")
    found: list[str] = []
    for one in value[:5] if isinstance(value, list) else [value]:
        name = one.get("type") if isinstance(one, dict) else one
        if isinstance(name, str):
            found.extend(licence(name))
    return tuple(found)


CATALOGER = Cataloger(
    id="npm",
    version=2,
    summary="npm packages installed under node_modules, under Debian's usr/share/nodejs, or packed for the registry",
    names=rb"package\.json",
    paths=regex(
        rb"^package/package\.json$|(?:^|/)(?:node_modules|usr/share/nodejs)/(?:@[^/]+/)?[^/@][^/]*/package\.json$",
        re.DOTALL,
    ),
    parse=parse,
    limit=MIB,
)
