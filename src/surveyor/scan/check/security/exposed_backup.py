"""Backups, dumps and lists of files that lie beside the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check import leaks
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Exposed
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

#: A comment or a statement first, and within some lines one that only a dump has.
_DUMP = regex(
    rb"(?=\s{0,100}(?:--|/\*|CREATE|INSERT|DROP|SET|PRAGMA|BEGIN))(?:[^\n]{0,500}\n){0,40}?"
    rb"(?:-- (?:MySQL|MariaDB|PostgreSQL)|CREATE TABLE|INSERT INTO|DROP TABLE|PRAGMA foreign_keys)",
    re.IGNORECASE,
)
_SIGNS = {
    "/backup.zip": regex(rb"PK\x03\x04"),
    "/backup.tar.gz": regex(rb"\x1f\x8b\x08"),
    "/backup.sql": _DUMP,
    "/dump.sql": _DUMP,
    "/.DS_Store": regex(rb"\0\0\0\x01Bud1"),
}


def judge(exposed: Exposed) -> Iterable[Outcome]:
    """By how the files begin."""
    found = [
        leaks.evidence(exposed, path, quoted=False) for path, sign in _SIGNS.items() if leaks.shows(exposed, path, sign)
    ]
    if found:
        yield Outcome(key="readable", evidence=tuple(found), count=len(found))


CHECK = Check(
    id="security_exposed_backup",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("readable",),
    needs=Needs.EXPOSED,
    exposed=judge,
    parts=tuple(_SIGNS),
)
