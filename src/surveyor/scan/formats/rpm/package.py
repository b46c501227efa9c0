"""What RPM says of one package, wherever it says it: a header, a manifest, a repository's list."""

from __future__ import annotations

from surveyor.scan.formats.rpm import header as tags
from surveyor.scan.formats.rpm.header import Header
from surveyor.scan.model import Distro, SourcePackage
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

_SOURCE = regex(r"(?P<name>.+)-(?P<version>[^-]+-[^-]+)\.(?:no)?src\.rpm")
#: The part of a release that names the distribution it was built for: ``5.el9_4``, ``1.fc40``, ``3.module+el8.6.0+1``.
_BUILT_FOR = regex(r"(?:^|[.+_])(?P<tag>el|fc|amzn|azl|cm|mga|oe|ph)(?P<version>\d+)")
#: Who builds for whom: the vendor's name, the tag, the distribution's id in os-release.
_VENDORS = (
    ("almalinux", "el", "almalinux"),
    ("amazon", "amzn", "amzn"),
    ("centos", "el", "centos"),
    ("fedora", "fc", "fedora"),
    ("mageia", "mga", "mageia"),
    ("microsoft", "azl", "azurelinux"),
    ("microsoft", "cm", "mariner"),
    ("oracle", "el", "ol"),
    ("red hat", "el", "rhel"),
    ("rocky", "el", "rocky"),
    ("vmware", "ph", "photon"),
)
_DOTTED = frozenset({"azurelinux", "mariner", "photon"})  # their os-release says 3.0 where their packages say 3


@frozen
class RpmPackage:
    """One package. ``epoch`` is nothing where none is written; ``source_rpm`` is a file name, ``a-1-1.src.rpm``."""

    name: str
    version: str
    release: str
    epoch: int | None = None
    arch: str = ""
    vendor: str = ""
    licence: str = ""
    source_rpm: str = ""
    module: str = ""

    @property
    def full_version(self) -> str:
        """Version and release, as a PURL has them."""
        return f"{self.version}-{self.release}" if self.release else self.version

    @property
    def source(self) -> SourcePackage | None:
        """The source package by its file's name; none in a source package itself."""
        found = _SOURCE.fullmatch(self.source_rpm)
        return SourcePackage(name=found["name"], version=found["version"]) if found else None

    @property
    def qualifiers(self) -> tuple[tuple[str, str], ...]:
        """What tells builds of one version apart besides the architecture: epoch and module stream."""
        epoch = (("epoch", str(self.epoch)),) if self.epoch else ()
        return (*epoch, ("rpmmod", self.module)) if self.module else epoch

    @property
    def built_for(self) -> Distro | None:
        """The distribution, where vendor and release agree on one; nothing for anybody else's packages."""
        found, vendor = _BUILT_FOR.search(self.release), self.vendor.lower()
        if not found:
            return None
        for name, tag, identity in _VENDORS:
            if tag == found["tag"] and name in vendor:
                version = f"{found['version']}.0" if identity in _DOTTED else found["version"]
                return Distro(id=identity, version=version)
        return None


def package_of(header: Header) -> RpmPackage:
    """The package a header describes; raises when what it points to is not there."""
    arch = _text(header.text(tags.ARCH))
    # only a package built from a source names one
    if tags.SOURCE_RPM not in header and tags.SOURCE_PACKAGE in header:
        arch = "src"
    return RpmPackage(
        name=_text(header.text(tags.NAME)),
        version=_text(header.text(tags.VERSION)),
        release=_text(header.text(tags.RELEASE)),
        epoch=header.number(tags.EPOCH),
        arch=arch,
        vendor=_text(header.text(tags.VENDOR)),
        licence=_text(header.text(tags.LICENSE)),
        source_rpm=_text(header.text(tags.SOURCE_RPM)),
        module=_text(header.text(tags.MODULARITY_LABEL)),
    )


def _text(value: bytes) -> str:
    found = value.decode("utf-8", "backslashreplace").strip()
    return found if found.isprintable() else "".join(char for char in found if char.isprintable())
