"""Which version order rules which OSV ecosystem; names are those of the OSV schema without a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from surveyor.scan.advise.keys import Key
from surveyor.scan.advise.versions import (
    apk,
    conan,
    cpe,
    dotted,
    dpkg,
    gem,
    maven,
    nuget,
    packagist,
    pep440,
    pub,
    rpm,
    semver,
)

Order = Callable[[str], Key]

#: Every scheme, by the name of its file.
SCHEMES: Mapping[str, Order] = MappingProxyType(
    {
        "apk": apk.key,
        "conan": conan.key,
        "cpe": cpe.key,
        "dotted": dotted.key,
        "dpkg": dpkg.key,
        "gem": gem.key,
        "maven": maven.key,
        "nuget": nuget.key,
        "packagist": packagist.key,
        "pep440": pep440.key,
        "pub": pub.key,
        "rpm": rpm.key,
        "semver": semver.key,
    }
)

VERSIONS: Mapping[str, Order] = MappingProxyType(
    {
        "AlmaLinux": rpm.key,
        "Alpaquita": apk.key,
        "Alpine": apk.key,
        "Azure Linux": rpm.key,
        "BellSoft Hardened Containers": apk.key,
        "Bioconductor": dotted.key,
        "Bitnami": semver.key,
        "CPE": cpe.key,
        "CRAN": dotted.key,
        "Chainguard": apk.key,
        "CleanStart": apk.key,
        "ConanCenter": conan.key,
        "Debian": dpkg.key,
        "Echo": dpkg.key,
        "GHC": dotted.key,
        "GitHub Actions": semver.key,
        "Go": semver.key,
        "Hackage": dotted.key,
        "Hex": semver.key,
        # builds count: advisories on binary packages (OpenSSL_jll) name them
        "Julia": pub.key,
        "Mageia": rpm.key,
        "Maven": maven.key,
        "MinimOS": apk.key,
        "NuGet": nuget.key,
        "Packagist": packagist.released,
        "Photon OS": rpm.key,
        "Pub": pub.key,
        "PyPI": pep440.key,
        "Red Hat": rpm.key,
        "Rocky Linux": rpm.key,
        "RubyGems": gem.key,
        "SUSE": rpm.key,
        "SwiftURL": semver.key,
        "Ubuntu": dpkg.key,
        "VSCode": semver.key,
        "Wolfi": apk.key,
        "crates.io": semver.key,
        "npm": semver.key,
        "openEuler": rpm.key,
        "openSUSE": rpm.key,
        # of Debian's form by opam's own manual
        "opam": dpkg.key,
    }
)


def order_of(ecosystem: str) -> Order | None:
    """The order of an ecosystem with or without its release (``Debian:12``), ``None`` when it has none we know."""
    return VERSIONS.get(ecosystem.partition(":")[0])
