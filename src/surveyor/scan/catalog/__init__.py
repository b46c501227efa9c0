"""Tree → package records: one file per ecosystem, registered here by one line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from surveyor.scan.catalog import apk, dpkg, jar, npm, python

CATALOGERS = (apk.CATALOGER, dpkg.CATALOGER, jar.CATALOGER, npm.CATALOGER, python.CATALOGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A package database that is known and not read yet: met in a tree, it makes the scan partial."""

    id: str
    names: bytes
    paths: re.Pattern[bytes]
    detail: str


UNREAD = (
    Unread(
        id="rpm",
        names=rb"rpmdb\.sqlite|Packages(?:\.db)?",
        paths=re.compile(rb"(?:^|/)(?:var/lib|usr/lib/sysimage|usr/share)/rpm/(?:rpmdb\.sqlite|Packages(?:\.db)?)$"),
        detail="RPM databases are not read yet",
    ),
    Unread(
        id="pacman",
        names=rb"(?<=/local/)ALPM_DB_VERSION",
        paths=re.compile(rb"(?:^|/)var/lib/pacman/local/ALPM_DB_VERSION$"),
        detail="pacman's database is not read yet",
    ),
)
