"""Haskell packages that cabal.project.freeze or stack.yaml.lock pins (Cabal and Stack documentation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, text
from surveyor.scan.limits import Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_FREEZE = regex(rb"(?<![\w-])(?:any\.)?(?P<name>[A-Za-z][A-Za-z0-9-]{0,200})[ \t]*==[ \t]*(?P<version>[0-9][0-9.]*)")
_STACK = regex(rb"^[ \t-]*hackage: (?P<name>[A-Za-z][A-Za-z0-9-]*)-(?P<version>[0-9][0-9.]*)(?:[@\s]|$)", re.MULTILINE)
_NAMES = rb"cabal\.project\.freeze|stack\.yaml\.lock"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a constraint ``any.name ==version``, or a package that Stack completed."""
    pattern = _STACK if file.path.endswith(".lock") else _FREEZE
    seen: set[tuple[str, str]] = set()
    for found in pattern.finditer(bytes(file.data)):
        name, version = text(found["name"]), text(found["version"]).rstrip(".")
        if (name, version) in seen or not (plausible(name) and plausible(version)):
            continue
        seen.add((name, version))
        budget.package()
        yield Record(
            type="hackage",
            name=name,
            version=version,
            presence=Presence.DECLARED,
            evidence=quote(constraint=f"{name} =={version}"),
        )


CATALOGER = Cataloger(
    id="hackage",
    version=1,
    summary="Haskell packages that cabal.project.freeze or stack.yaml.lock pins",
    names=_NAMES,
    paths=declares(_NAMES),
    parse=parse,
)
