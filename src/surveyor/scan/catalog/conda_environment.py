"""Packages that a conda environment file asks for, those for pip in it too (conda documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.formats.requirement import requirement
from surveyor.scan.formats.yaml import lines
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_WISH = regex(
    r"(?:(?P<channel>[^\s:]+)::)?(?P<name>[A-Za-z0-9_.-]+)"
    r"(?:[ ]?==?[ ]?(?P<version>[^\s=<>!~|,*]+)(?:=(?P<build>[^\s=]+))?|(?P<range>[ <>=!~].*))?"
)
_NAMES = rb"environment\.ya?ml"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record an item of ``dependencies``: ``name=version=build``, and below ``pip:`` a requirement of Python's."""
    section, pip, depth, met = "", False, 0, False
    for line in lines(bytes(file.data)):
        if line.key and not line.item:
            section, pip = line.key, False
            if section == "dependencies" and line.value.strip("[] "):
                raise Unsupported("dependencies of a conda environment on one line are not read")
            met = met or section in {"dependencies", "channels", "name"}
        elif section == "dependencies" and line.item and line.key == "pip":
            pip, depth = True, line.indent
        elif section == "dependencies" and line.item and not line.key:
            pip = pip and line.indent > depth
            record = _python(line.value) if pip else _conda(line.value)
            if record:
                budget.package()
                yield record
    if not met:
        raise Malformed("no environment file of conda")


def _conda(wish: str) -> Record | None:
    found = _WISH.fullmatch(wish) if len(wish) < 1000 else None
    if not found or not plausible(found["name"]):
        return None
    version = found["version"] or ""
    qualifiers = {"build": found["build"], "channel": (found["channel"] or "").rpartition("/")[2]}
    return Record(
        type="conda",
        name=found["name"].lower(),
        version=version if plausible(version) else "",
        presence=Presence.DECLARED,
        qualifiers=tuple((key, value) for key, value in qualifiers.items() if value and plausible(value)),
        evidence=quote(dependency=wish),
    )


def _python(wish: str) -> Record | None:
    found = requirement(wish)
    if not found or not plausible(found.name) or (found.version and not plausible(found.version)):
        return None
    return Record(
        type="pypi",
        name=found.name,
        version=found.version,
        presence=Presence.DECLARED,
        evidence=quote(requirement=wish),
    )


CATALOGER = Cataloger(
    id="conda_environment",
    version=1,
    summary="Packages that a conda environment file asks for",
    names=_NAMES,
    paths=declares(_NAMES),
    parse=parse,
    limit=MIB,
)
