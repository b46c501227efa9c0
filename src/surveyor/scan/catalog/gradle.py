"""Gradle's dependency locks: one ``group:artifact:version`` a line (Gradle documentation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, text
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_LINE = regex(
    rb"^(?P<group>[^\s#:=]+):(?P<name>[^\s:=]+):(?P<version>[^\s:=]+)(?:=(?P<scopes>[^\n]*))?[ \r]*$", re.MULTILINE
)


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a line, with the configurations that it is locked for."""
    for line in _LINE.finditer(bytes(file.data)):
        group, name, version = (text(line[key]) for key in ("group", "name", "version"))
        if not (plausible(group) and plausible(name) and plausible(version)):
            continue
        budget.package()
        yield Record(
            type="maven",
            namespace=group,
            name=name,
            version=version,
            presence=Presence.DECLARED,
            evidence=quote(locked=f"{group}:{name}:{version}", configurations=text(line["scopes"] or b"")[:120]),
        )


CATALOGER = Cataloger(
    id="gradle",
    version=1,
    summary="Java packages that Gradle's dependency locks pin",
    endings=rb"lockfile",
    paths=declares(rb"(?:buildscript-|settings-)?gradle\.lockfile|dependency-locks/[^/]+\.lockfile"),
    parse=parse,
    limit=16 * MIB,
)
