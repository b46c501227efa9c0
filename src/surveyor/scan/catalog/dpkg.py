"""Debian packages from dpkg's database, and from the fragments that distroless images keep instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, debian_source, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.stanza import stanzas
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.vocabulary import counted

_FIELDS = re.compile(rb"^(Package|Version|Source|Architecture|Status):[ \t]*([^\n]*)", re.MULTILINE)
_ABSENT = {"not-installed", "config-files"}


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a stanza whose files are on disk; a half-configured package is there, and says so."""
    broken = 0
    for stanza in stanzas(bytes(file.data)):
        fields = {key.decode(): text(value) for key, value in _FIELDS.findall(stanza)}
        name, version = fields.get("Package", ""), fields.get("Version", "")
        state = fields.get("Status", "install ok installed").rpartition(" ")[2]
        if not fields or state in _ABSENT:
            continue
        if not (plausible(name) and plausible(version)):
            broken += 1
            continue
        budget.package()
        yield Record(
            type="deb",
            name=name,
            version=version,
            arch=fields.get("Architecture") or None,
            source=debian_source(fields.get("Source", ""), version),
            state=None if state == "installed" else state,
            evidence=quote(Package=name, Version=version, Source=fields.get("Source"), Status=fields.get("Status")),
        )
    if broken:
        raise Malformed(f"{counted(broken, 'dpkg record')} without a usable name or version")


CATALOGER = Cataloger(
    id="dpkg",
    version=1,
    summary="Debian packages by dpkg's status file or status.d fragments",
    names=rb"status|(?<=/status\.d/)[^/]+",
    paths=re.compile(rb"^(?P<root>(?:.*/)?)var/lib/dpkg/(?:status|status\.d/[^/]+(?<!\.md5sums))$", re.DOTALL),
    parse=parse,
    system=True,
    places=(b"var/lib/dpkg/status", b"var/lib/dpkg/status.d/"),
    limit=32 * MIB,
)
