"""Debian packages as records: one shape for what databases, files and repositories say (deb-control(5))."""

from __future__ import annotations

from collections.abc import Mapping

from surveyor.scan.catalog.interface import Record, plausible, quote, related
from surveyor.scan.limits import Budget
from surveyor.scan.model import Distro, Presence, SourcePackage
from surveyor.scan.patterns import regex

#: A name at the beginning of a clause or behind a bar or a comma (Debian policy, 7.1).
_RELATION = regex(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)")


def record_of(
    fields: Mapping[str, str],
    *,
    presence: Presence = Presence.INSTALLED,
    distro: Distro | None = None,
    state: str | None = None,
    budget: Budget | None = None,
) -> Record | None:
    """The record of one paragraph; nothing without a name and a version that can be one.

    With a ``budget`` also what it depends on and provides, which only says something among what is installed.
    """
    name, version, source = (fields.get(key, "") for key in ("Package", "Version", "Source"))
    if not (plausible(name) and plausible(version)):
        return None
    told = {key: fields.get(key) for key in ("Source", "Status", "Maintainer")}
    return Record(
        type="deb",
        name=name,
        version=version,
        arch=fields.get("Architecture") or None,
        source=_source(source, version),
        presence=presence,
        distro=distro,
        state=state,
        called=related([name, *_relations(fields.get("Provides", ""))], budget) if budget else (),
        needs=related([*_relations(fields.get("Pre-Depends", "")), *_relations(fields.get("Depends", ""))], budget)
        if budget
        else (),
        evidence=quote(Package=name, Version=version, **told),
    )


def _relations(field: str) -> list[str]:
    """The packages that a field names, without versions and architectures; alternatives with bars between them."""
    if not field:
        return []
    if "|" not in field:
        return _RELATION.findall(field)
    return ["|".join(_RELATION.findall(clause)) for clause in field.split(",")]


def _source(field: str, version: str) -> SourcePackage | None:
    """The source package as the field names it: ``NAME`` or ``NAME (VERSION)``; none without a name."""
    name, _, given = field.partition(" ")
    if not plausible(name):
        return None
    given = given.strip().strip("()")
    return SourcePackage(name=name, version=given if plausible(given) else version)
