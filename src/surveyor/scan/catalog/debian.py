"""Debian packages as records: one shape for what databases, files and repositories say (deb-control(5))."""

from __future__ import annotations

from collections.abc import Mapping

from surveyor.scan.catalog.interface import Record, plausible, quote
from surveyor.scan.model import Distro, Presence, SourcePackage


def record_of(
    fields: Mapping[str, str],
    *,
    presence: Presence = Presence.INSTALLED,
    distro: Distro | None = None,
    state: str | None = None,
) -> Record | None:
    """The record of one paragraph; nothing without a name and a version that can be one."""
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
        evidence=quote(Package=name, Version=version, **told),
    )


def _source(field: str, version: str) -> SourcePackage | None:
    """The source package as the field names it: ``NAME`` or ``NAME (VERSION)``; none without a name."""
    name, _, given = field.partition(" ")
    if not plausible(name):
        return None
    given = given.strip().strip("()")
    return SourcePackage(name=name, version=given if plausible(given) else version)
