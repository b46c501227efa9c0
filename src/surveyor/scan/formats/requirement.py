"""One requirement of a Python project: a name and what versions of it will do (PEP 508; PEP 440 for the versions)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[ \t]*(?:\[[^\]]*\])?[ \t]*"
    r"(?:@[ \t]*(?P<url>\S+)|\(?(?P<specifiers>(?:[<>=!~]=?=?[^;()#]*)?)\)?)[ \t]*(?:;.*)?"
)
_PIN = re.compile(r"===?[ \t]*(?P<version>[^\s,*;]+)")
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Requirement:
    """``version`` is the only one that will do, empty where several do."""

    name: str
    version: str


def requirement(line: str) -> Requirement | None:
    """The requirement that a line is; nothing when it is none."""
    found = _REQUIREMENT.fullmatch(line.strip()) if len(line) <= _LONGEST else None
    if not found:
        return None
    return Requirement(normal(found["name"]), pinned(found["specifiers"] or ""))


def pinned(specifiers: str) -> str:
    """The version that ``==`` or ``===`` alone leaves; ``==1.*`` and lists leave many."""
    found = _PIN.fullmatch(specifiers.strip())
    return found["version"] if found else ""


def normal(name: str) -> str:
    """A name as PURL writes it: lower case, hyphens for underscores (purl specification, type pypi)."""
    return name.lower().replace("_", "-")
