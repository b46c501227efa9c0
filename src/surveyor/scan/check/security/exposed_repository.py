"""The folder of a version control system beside the pages: everything that was ever committed can be read from it."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import leaks
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Exposed
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_SIGNS = {
    "/.git/HEAD": regex(rb"(?:ref: refs/[\x21-\x7e]{1,200}|[0-9a-f]{40}(?:[0-9a-f]{24})?)\s*\Z"),
    "/.svn/wc.db": regex(rb"SQLite format 3\0"),
    "/.hg/requires": regex(rb"(?:[a-z0-9-]{3,40}\n)*(?:revlogv1|store|dotencode|share-safe)\n"),
}


def judge(exposed: Exposed) -> Iterable[Outcome]:
    """By what the files hold, never by their status alone."""
    found = [leaks.evidence(exposed, path) for path, sign in _SIGNS.items() if leaks.shows(exposed, path, sign)]
    if found:
        yield Outcome(key="readable", evidence=tuple(found), count=len(found))


CHECK = Check(
    id="security_exposed_repository",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("readable",),
    needs=Needs.EXPOSED,
    exposed=judge,
    parts=tuple(_SIGNS),
)
