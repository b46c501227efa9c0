"""RPM packages from the databases rpm keeps of what is installed: SQLite, ndb and Berkeley DB."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.nevra import record_of
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.formats.rpm.database import headers
from surveyor.scan.formats.rpm.package import package_of
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.vocabulary import counted

#: What rpm keeps of the keys it trusts, as if each were a package.
_KEYS = "gpg-pubkey"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package. A log beside an SQLite database is newer than it: read as far as it stands alone."""
    broken = 0
    for header in headers(file.data):
        budget.check_time()
        try:
            package = package_of(header)
        except Malformed:
            broken += 1
            continue
        if package.name == _KEYS:
            continue
        record = record_of(package)
        if record is None:
            broken += 1
            continue
        budget.package()
        yield record
    if broken:
        raise Malformed(f"{counted(broken, 'RPM header')} without a usable name or version")
    if file.path.endswith("-wal"):
        raise Unsupported("the log is newer than the database beside it: packages that it replaced may be reported")


CATALOGER = Cataloger(
    id="rpm",
    version=1,
    summary="RPM packages by rpm's database: SQLite, ndb or Berkeley DB",
    names=rb"rpmdb\.sqlite(?:-wal)?|Packages(?:\.db)?",
    paths=re.compile(
        rb"^(?P<root>(?:.*/)?)(?:var/lib|usr/lib/sysimage|usr/share)/rpm/(?:rpmdb\.sqlite(?:-wal)?|Packages(?:\.db)?)$",
        re.DOTALL,
    ),
    parse=parse,
    system=True,
    places=(b"var/lib/rpm/", b"usr/lib/sysimage/rpm/", b"usr/share/rpm/"),
    limit=64 * MIB,
    random=True,
)
