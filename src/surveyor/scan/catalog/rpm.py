"""RPM packages from the databases rpm keeps of what is installed: SQLite, ndb and Berkeley DB."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Owned, Record
from surveyor.scan.catalog.nevra import record_of
from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats.rpm.database import headers
from surveyor.scan.formats.rpm.files import paths_of
from surveyor.scan.formats.rpm.header import Header
from surveyor.scan.formats.rpm.package import package_of
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

#: What rpm keeps of the keys it trusts, as if each were a package.
_KEYS = "gpg-pubkey"
_PATHS = 32 * MIB  # of all packages of a database


def parse(file: File, budget: Budget) -> Iterator[Record | Owned]:
    """One record a package, and the files that are its own.

    A log beside an SQLite database is newer than it: read as far as it stands alone.
    """
    broken, unlisted, room = 0, 0, _PATHS
    for header in headers(file.data):
        budget.check_time()
        record = _record(header)
        if record is None:
            broken += 1
            continue
        if record.name == _KEYS:
            continue
        budget.package()
        yield record
        try:
            paths = paths_of(header, room)
        except (Malformed, LimitExceeded):
            unlisted += 1
            continue
        room -= len(paths)
        yield Owned(type="rpm", package=record.name, paths=paths)
    if broken:
        raise Malformed(f"{counted(broken, 'RPM header')} without a usable name or version")
    if unlisted:
        raise Malformed(
            f"{counted(unlisted, 'RPM header')} whose files could not be listed: nobody is said to own them"
        )
    if file.path.endswith("-wal"):
        raise Unsupported("the log is newer than the database beside it: packages that it replaced may be reported")


def _record(header: Header) -> Record | None:
    try:
        return record_of(package_of(header))
    except Malformed:
        return None


CATALOGER = Cataloger(
    id="rpm",
    version=2,
    summary="RPM packages by rpm's database: SQLite, ndb or Berkeley DB",
    names=rb"rpmdb\.sqlite(?:-wal)?|Packages(?:\.db)?",
    paths=regex(
        rb"^(?P<root>(?:.*/)?)(?:var/lib|usr/lib/sysimage|usr/share)/rpm/(?:rpmdb\.sqlite(?:-wal)?|Packages(?:\.db)?)$",
        re.DOTALL,
    ),
    parse=parse,
    system=True,
    places=(b"var/lib/rpm/", b"usr/lib/sysimage/rpm/", b"usr/share/rpm/"),
    limit=64 * MIB,
    random=True,
)
