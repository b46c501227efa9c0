"""RPM packages as records: one shape for what databases, files, manifests and repositories say."""

from __future__ import annotations

from surveyor.scan.catalog.interface import Record, licence, plausible, quote
from surveyor.scan.formats.rpm.package import RpmPackage
from surveyor.scan.model import Distro, Presence


def record_of(
    package: RpmPackage, *, presence: Presence = Presence.INSTALLED, distro: Distro | None = None
) -> Record | None:
    """The record of one package; nothing without a name and a version that can be one."""
    if not (plausible(package.name) and plausible(package.full_version)):
        return None
    source = package.source
    return Record(
        type="rpm",
        name=package.name,
        version=package.full_version,
        arch=package.arch if plausible(package.arch) else None,
        licenses=licence(package.licence),
        source=source if source and plausible(source.name) and plausible(source.version) else None,
        qualifiers=tuple((key, value) for key, value in package.qualifiers if plausible(value)),
        presence=presence,
        distro=distro,
        evidence=quote(
            Name=package.name,
            Epoch=str(package.epoch) if package.epoch else None,
            Version=package.version,
            Release=package.release,
            Vendor=package.vendor,
            **{"Source RPM": package.source_rpm, "Module": package.module},
        ),
    )
