"""One requirement of a Python project: a name and what versions of it will do (PEP 508; PEP 440 for the versions)."""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.scan.patterns import regex

_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COMPARISONS = ("==", "!=", "<", ">", "~=")
_PIN = regex(r"===?[ \t]*(?P<version>[^\s,*;=]+)")
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Requirement:
    """``version`` is the only one that will do, empty where several do."""

    name: str
    version: str


def requirement(line: str) -> Requirement | None:
    """The requirement that a line is; nothing when it is none."""
    found = _NAME.match(line := line.strip())
    if not found or len(line) > _LONGEST:
        return None
    name, rest = found[0], line[found.end() :].lstrip()
    if rest.startswith("["):
        rest = rest.partition("]")[2].lstrip() if "]" in rest else "["
    if rest.startswith("@"):
        return Requirement(normal(name), "")
    specifiers = rest.partition(";")[0].strip()
    if specifiers.startswith("(") and specifiers.endswith(")"):
        specifiers = specifiers[1:-1].strip()
    if specifiers and not specifiers.startswith(_COMPARISONS):
        return None
    return Requirement(normal(name), pinned(specifiers))


def pinned(specifiers: str) -> str:
    """The version that ``==`` or ``===`` alone leaves; ``==1.*`` and lists leave many."""
    found = _PIN.fullmatch(specifiers.strip())
    return found["version"] if found else ""


def normal(name: str) -> str:
    """A name as PURL writes it: lower case, hyphens for underscores (purl specification, type pypi)."""
    return name.lower().replace("_", "-")
