"""Composer's lock file (Composer documentation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, licence, plausible, quote, related
from surveyor.scan.formats.json import load_object, mapping, sequence, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_SHA1 = regex(r"[0-9a-f]{40}")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package, those for development marked."""
    document = load_object(file.data)
    for key, scope in (("packages", None), ("packages-dev", "dev")):
        for package in map(mapping, sequence(document.get(key))):
            name, version = string(package.get("name")), string(package.get("version"))
            vendor, _, own = name.lower().rpartition("/")
            if not (plausible(name) and plausible(version) and own):
                continue
            budget.package()
            licenses = [one for value in sequence(package.get("license"))[:5] for one in licence(string(value))]
            shasum = string(mapping(package.get("dist")).get("shasum"))
            yield Record(
                called=(f"{vendor}/{own}",),
                needs=related((one.lower() for one in mapping(package.get("require")) if "/" in one), budget),
                hashes=(f"sha1:{shasum}",) if _SHA1.fullmatch(shasum) else (),
                type="composer",
                namespace=vendor or None,
                name=own,
                version=version,
                presence=Presence.DECLARED,
                licenses=tuple(licenses),
                evidence=quote(name=name, version=version, scope=scope),
            )


CATALOGER = Cataloger(
    id="composer_lock",
    version=2,
    summary="PHP packages that composer.lock pins",
    names=rb"composer\.lock",
    # in a package of the vendor folder it is that package's own
    paths=regex(rb"^(?!(?:.*/)?vendor/[^/]+/[^/]+/)" + declares(rb"composer\.lock").pattern, re.DOTALL),
    parse=parse,
    limit=32 * MIB,
)
