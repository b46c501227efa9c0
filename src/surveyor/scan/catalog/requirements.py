"""Python requirements files, as pip reads them (pip documentation, requirements file format)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, Referral, declares, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.requirement import Requirement, normal, requirement
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.vocabulary import counted

_CONTINUED = re.compile(rb"\\\r?\n")
_OPTION = re.compile(r"\s--?[a-z].*", re.DOTALL)
_EGG = re.compile(r"[#&]egg=(?P<name>[A-Za-z0-9._-]+)")
_MORE = re.compile(r"(?:-r|--requirement)[ =]*(?P<path>[^ =].{0,1000})")
_REMOTE = re.compile(r"[a-z+]+:", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:[a-z+]+://|git@|\.{0,2}/)")
_NAMES = rb"requirements\.txt|requirements[-_.][^/]*\.txt|(?<=/requirements/)[^/]+\.txt"


def parse(file: File, budget: Budget) -> Iterator[Record | Referral]:
    """One record a requirement, its version only where a pin leaves no other; and the files that ``-r`` names.

    A text that only is called so has no requirement in it, and no record.
    """
    met = broken = 0
    for line in _CONTINUED.sub(b" ", bytes(file.data)).splitlines():
        said = text(line.partition(b" #")[0])
        if (more := _MORE.fullmatch(said)) and not _REMOTE.match(more["path"]):
            yield Referral(path=more["path"])
        if not said or said.startswith(("#", "-")):
            continue
        wish = _wish(said)
        if wish is None:
            broken += not _ELSEWHERE.match(said)
            continue
        met += 1
        budget.package()
        yield Record(
            type="pypi",
            name=wish.name,
            version=wish.version,
            presence=Presence.DECLARED,
            evidence=quote(requirement=_OPTION.sub("", said).strip()),
        )
    if met and broken:
        raise Malformed(f"{counted(broken, 'line')} that can be no requirement")


def _wish(said: str) -> Requirement | None:
    egg = _EGG.search(said) if _ELSEWHERE.match(said) else None
    found = Requirement(normal(egg["name"]), "") if egg else requirement(_OPTION.sub("", said))
    return found if found and plausible(found.name) and (not found.version or plausible(found.version)) else None


CATALOGER = Cataloger(
    id="requirements",
    version=2,
    summary="Python packages that requirements files ask for",
    names=_NAMES,
    paths=declares(rb"requirements\.txt|requirements[-_.][^/]*\.txt|requirements/[^/]+\.txt"),
    parse=parse,
    limit=4 * MIB,
)
