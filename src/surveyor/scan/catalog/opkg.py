"""Packages of OpenWrt and other small systems, by opkg's status file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.stanza import fields, settled, stanzas
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_ABSENT = {"not-installed", "config-files"}


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a stanza, in the form of Debian's; ``install user installed`` is a state that opkg alone writes."""
    broken = 0
    for stanza in stanzas(settled(bytes(file.data), b"Version:")):
        found = {key: text(value) for key, value in fields(stanza).items()}
        name, version = found.get("Package", ""), found.get("Version", "")
        state = found.get("Status", "install ok installed").rpartition(" ")[2]
        if not found or state in _ABSENT:
            continue
        if not (plausible(name) and plausible(version)):
            broken += 1
            continue
        budget.package()
        arch = found.get("Architecture", "")
        yield Record(
            type="opkg",
            name=name,
            version=version,
            arch=arch if plausible(arch) else None,
            licenses=licence(found.get("License", "")),
            state=None if state == "installed" else state,
            evidence=quote(Package=name, Version=version, Status=found.get("Status")),
        )
    if broken:
        raise Malformed(f"{counted(broken, 'opkg record')} without a usable name or version")


CATALOGER = Cataloger(
    id="opkg",
    version=2,
    summary="Packages of OpenWrt and its like by opkg's status file",
    names=rb"status(?<=/opkg/status)",
    paths=regex(rb"^(?P<root>(?:.*/)?)(?:usr|var)/lib/opkg/status$", re.DOTALL),
    parse=parse,
    system=True,
    places=(b"usr/lib/opkg/status", b"var/lib/opkg/status"),
    limit=32 * MIB,
)
