"""Python requirements files, as pip reads them (pip documentation, requirements file format)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, Referral, declares, plausible, quote, text, utf8
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.requirement import Requirement, normal, requirement
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_CONTINUED = regex(rb"\\\r?\n")
_OPTION = regex(r"\s--?[a-z].*", re.DOTALL)
_EGG = regex(r"[#&]egg=(?P<name>[A-Za-z0-9._-]+)")
_MORE = regex(r"(?:-r|--requirement)[ =]*(?P<path>[^ =].{0,1000})")
_REMOTE = regex(r"[a-z+]+:", re.IGNORECASE)
_ELSEWHERE = regex(r"(?:[a-z+]+://|git@|\.{0,2}/)")
_EDITABLE = regex(r"(?:-e|--editable)[ =]+")
_WORD = regex(r"[\w.-]+")
_NAMES = rb"requirements\.txt|requirements[-_.][^/]*\.txt|(?<=/requirements/)[^/]+\.txt"
_PATHS = rb"(?:[^/]*[-_.])?requirements\.txt|requirements[-_.][^/]*\.txt|requirements/[^/]+\.txt"


def parse(file: File, budget: Budget) -> Iterator[Record | Referral]:
    """One record a requirement, its version only where a pin leaves no other; and the files that ``-r`` names.

    A text that only is called so has no requirement in it but single words between its sentences, and no record.
    """
    found: list[Record] = []
    broken, words = 0, True
    for line in _CONTINUED.sub(b" ", utf8(bytes(file.data))).splitlines():
        said = text(line.partition(b" #")[0])
        if editable := _EDITABLE.match(said):
            said = said[editable.end() :]
            said = said if _ELSEWHERE.match(said) else ""  # a folder
        if (more := _MORE.fullmatch(said)) and not _REMOTE.match(more["path"]):
            yield Referral(path=more["path"])
        if not said or said.startswith(("#", "-")):
            continue
        wish = _wish(said)
        if wish is None:
            broken += not _ELSEWHERE.match(said)
            continue
        words = words and _WORD.fullmatch(said) is not None
        found.append(_record(wish, said))
    if words and broken >= max(len(found), 1):
        return
    for record in found:
        budget.package()
        yield record
    if found and broken:
        raise Malformed(f"{counted(broken, 'line')} that can be no requirement")


def _record(wish: Requirement, said: str) -> Record:
    return Record(
        type="pypi",
        name=wish.name,
        version=wish.version,
        presence=Presence.DECLARED,
        evidence=quote(requirement=_OPTION.sub("", said).strip()),
    )


def _wish(said: str) -> Requirement | None:
    egg = _EGG.search(said) if _ELSEWHERE.match(said) else None
    found = Requirement(normal(egg["name"]), "") if egg else requirement(_OPTION.sub("", said))
    return found if found and plausible(found.name) and (not found.version or plausible(found.version)) else None


CATALOGER = Cataloger(
    id="requirements",
    version=3,
    summary="Python packages that requirements files ask for",
    names=_NAMES,
    # test-requirements.txt and their like, told by their end alone
    endings=rb"txt(?<=requirements\.txt)",
    paths=declares(_PATHS),
    parse=parse,
    limit=4 * MIB,
)
