"""Debian packages from dpkg's database, and from the fragments that distroless images keep instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.debian import record_of
from surveyor.scan.catalog.interface import Cataloger, File, Record, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.stanza import settled, stanzas
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_FIELDS = regex(
    rb"^(Package|Version|Source|Architecture|Status|(?:Pre-)?Depends|Provides):[ \t]*([^\n]*)", re.MULTILINE
)
_ABSENT = {"not-installed", "config-files"}


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a stanza whose files are on disk; a half-configured package is there, and says so."""
    broken = 0
    for stanza in stanzas(settled(bytes(file.data), b"Version:")):
        fields = {key.decode(): text(value) for key, value in _FIELDS.findall(stanza)}
        state = fields.get("Status", "install ok installed").rpartition(" ")[2]
        if not fields or state in _ABSENT:
            continue
        record = record_of(fields, state=None if state == "installed" else state, budget=budget)
        if record is None:
            broken += 1
            continue
        budget.package()
        yield record
    if broken:
        raise Malformed(f"{counted(broken, 'dpkg record')} without a usable name or version")


CATALOGER = Cataloger(
    id="dpkg",
    version=3,
    summary="Debian packages by dpkg's status file or status.d fragments",
    names=rb"status|(?<=/status\.d/)[^/]+",
    paths=regex(rb"^(?P<root>(?:.*/)?)var/lib/dpkg/(?:status|status\.d/[^/]+(?<!\.md5sums))$", re.DOTALL),
    parse=parse,
    system=True,
    places=(b"var/lib/dpkg/status", b"var/lib/dpkg/status.d/"),
    limit=32 * MIB,
)
