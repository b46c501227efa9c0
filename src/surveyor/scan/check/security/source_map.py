"""Source maps of the site's scripts: the program as it was written, for everybody."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import EVERY_PART, Check, Needs, Outcome
from surveyor.scan.evidence import Page, Scripts
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

#: A map is an object with a version and mappings; before it may stand a guard against being run (ECMA-426 §9).
_OBJECT = regex(rb"(?:\)\]\}'[^\n]*\n)?\s*\{")
_MEMBERS = (b'"version"', b'"sources"', b'"mappings"', b'"sections"')
_CONTENT = b'"sourcesContent"'


def judge(scripts: Scripts) -> Iterable[Outcome]:
    """By what the file holds; the first members of a map are in its beginning."""
    found = [script.map for script in scripts.scripts if script.map is not None and _is_map(script.map)]
    if found:
        evidence = tuple(Evidence(kind="file", where=page.url[:1000], value=_told(page)) for page in found)
        yield Outcome(key="readable", evidence=evidence, count=len(found))


def _is_map(page: Page) -> bool:
    body = page.body
    return page.status == 200 and bool(_OBJECT.match(body)) and sum(member in body for member in _MEMBERS) >= 2


def _told(page: Page) -> str:
    return "with the sources themselves" if _CONTENT in page.body else "names of the sources"


CHECK = Check(
    id="security_source_map",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("readable",),
    needs=Needs.SCRIPTS,
    scripts=judge,
    parts=EVERY_PART,
)
