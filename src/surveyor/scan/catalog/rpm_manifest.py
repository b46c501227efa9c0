"""RPM packages of images without a database: the manifest that CBL-Mariner and Azure Linux leave in distroless ones.

Two manifests stand side by side; the first names packages only, and the second says all that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, text
from surveyor.scan.catalog.nevra import record_of
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.rpm.package import RpmPackage
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

#: Name, version and release, times of installation and build, vendor, epoch, size, architecture, epoch as a number,
#: source: as rpm's query format writes them, ``(none)`` for what there is not.
_FIELDS = 10
_NONE = "(none)"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a line of fields that tabs part."""
    broken = 0
    for line in bytes(file.data).splitlines():
        if not line.strip():
            continue
        fields = ["" if (value := text(field)) == _NONE else value for field in line.split(b"\t")]
        record = _record(fields) if len(fields) >= _FIELDS else None
        if record is None:
            broken += 1
            continue
        budget.package()
        yield record
    if broken:
        raise Malformed(f"{counted(broken, 'line')} of an RPM manifest that cannot be read")


def _record(fields: list[str]) -> Record | None:
    name, full, _, _, vendor, epoch, _, arch, _, source = fields[:_FIELDS]
    version, _, release = full.rpartition("-")
    number = int(epoch) if epoch.isascii() and epoch.isdigit() and len(epoch) < 11 else None
    package = RpmPackage(
        name=name, version=version, release=release, epoch=number, arch=arch, vendor=vendor, source_rpm=source
    )
    return record_of(package) if version and release else None


CATALOGER = Cataloger(
    id="rpm_manifest",
    version=1,
    summary="RPM packages of distroless images, by rpm's manifest",
    names=rb"container-manifest-2",
    paths=regex(rb"^(?P<root>(?:.*/)?)var/lib/rpmmanifest/container-manifest-2$", re.DOTALL),
    parse=parse,
    system=True,
    places=(b"var/lib/rpmmanifest/container-manifest-2",),
    limit=16 * MIB,
)
