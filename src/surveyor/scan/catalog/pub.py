"""Dart packages that pubspec.lock pins (pub documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.yaml import lines
from surveyor.scan.limits import Budget
from surveyor.scan.model import Presence


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package that is hosted or from git; parts of an SDK and folders are none."""
    section, name, met = "", "", False
    entry: dict[str, str] = {}
    for line in lines(bytes(file.data)):
        if line.indent <= 2:
            yield from _record(name, entry, budget)
            name, entry = "", {}
        if line.indent == 0:
            section = line.key
            met = met or section in {"packages", "sdks"}
        elif line.indent == 2 and section == "packages":
            name = line.key
        elif line.indent == 4:
            entry.setdefault(line.key, line.value)
    yield from _record(name, entry, budget)
    if not met:
        raise Malformed("no lock file of pub")


def _record(name: str, entry: dict[str, str], budget: Budget) -> Iterator[Record]:
    version, source = entry.get("version", ""), entry.get("source", "")
    if source in {"sdk", "path"} or not (plausible(name) and plausible(version)):
        return
    budget.package()
    yield Record(
        type="pub",
        name=name.lower(),
        version=version,
        presence=Presence.DECLARED,
        evidence=quote(name=name, version=version, source=source[:40], dependency=entry.get("dependency", "")[:40]),
    )


CATALOGER = Cataloger(
    id="pub",
    version=1,
    summary="Dart and Flutter packages that pubspec.lock pins",
    names=rb"pubspec\.lock",
    paths=declares(rb"pubspec\.lock"),
    parse=parse,
)
