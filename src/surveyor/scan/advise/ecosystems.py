"""Under which ecosystem, name and version the advisories speak of a package."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from surveyor.scan.advise import rhel
from surveyor.scan.model import Distro, Package, SourcePackage
from surveyor.scan.patterns import regex


class Lookup(NamedTuple):
    """One question to the snapshot. ``ecosystem`` is ``None`` when no feed has a name for where the package is from.

    ``line`` is the ecosystem of the line of releases that the version is from, whose word goes before, if any.
    ``label`` names the ecosystem for people even without one; ``subject`` is the name a finding goes by. ``unknown``
    says why there is no ecosystem: ``no_source`` when no feed covers it, ``no_release`` when nothing says which one it
    would be, ``by_name`` when only a feed of products, such as NVD, could speak of it.
    """

    ecosystem: str | None
    label: str
    name: str
    version: str
    subject: str
    unknown: str = "no_source"
    line: str = ""


#: Epochs of source packages, where a binary of the same version says one.
Epochs = Mapping[SourcePackage, str]
_NO_EPOCHS: Epochs = MappingProxyType({})


def lookup(package: Package, held: Collection[str], epochs: Epochs = _NO_EPOCHS) -> Lookup:
    """Turn a package into a question; ``held`` are the snapshot's ecosystems, where several spellings are in use."""
    if package.type in _DISTRIBUTIONS:
        return _distribution(package, held, epochs)
    known = _LANGUAGES.get(package.type)
    if package.type == "generic":
        return _unknown(package, package.type, "by_name")
    if known is None:
        return _unknown(package, package.type)
    ecosystem, name_of = known
    name = name_of(package)
    return Lookup(ecosystem, ecosystem, name, _version(package), package.name)


def _unknown(package: Package, label: str, reason: str = "no_source") -> Lookup:
    name, version = package.name, package.version
    return Lookup(ecosystem=None, label=label, name=name, version=version, subject=name, unknown=reason)


#: How often Bitnami packed one version (2.4.56-3). Its advisories speak of versions alone.
_PACKED = regex(r"-[0-9]+$")


def _version(package: Package) -> str:
    if package.type == "golang":
        return _go(package)
    return _PACKED.sub("", package.version) if package.type == "bitnami" else package.version


#: go1.24rc1, as a toolchain calls itself.
_TOOLCHAIN = regex(r"(?:go)?(?P<line>[0-9]{1,9}\.[0-9]{1,9})(?P<stage>rc|beta)(?P<number>[0-9]{1,9})")


def _go(package: Package) -> str:
    """A toolchain's version as advisories on the standard library write it: 1.22.1, 1.24.0-rc.1."""
    found = _TOOLCHAIN.fullmatch(package.version) if package.name in {"stdlib", "toolchain"} else None
    if found:
        return f"{found['line']}.0-{found['stage']}.{found['number']}"
    return package.version.removeprefix("go")


def _joined(separator: str) -> Callable[[Package], str]:
    def name(package: Package) -> str:
        return f"{package.namespace}{separator}{package.name}" if package.namespace else package.name

    return name


def _plain(package: Package) -> str:
    return package.name


#: PURL type → OSV ecosystem and how it writes a name.
_LANGUAGES: Mapping[str, tuple[str, Callable[[Package], str]]] = MappingProxyType(
    {
        "bioconductor": ("Bioconductor", _plain),
        "bitnami": ("Bitnami", _plain),
        "cargo": ("crates.io", _plain),
        "composer": ("Packagist", _joined("/")),
        "conan": ("ConanCenter", _plain),
        "cran": ("CRAN", _plain),
        "gem": ("RubyGems", _plain),
        "githubactions": ("GitHub Actions", _joined("/")),
        "golang": ("Go", _joined("/")),
        "hackage": ("Hackage", _plain),
        # of an organisation it is another package than the public one of that name
        "hex": ("Hex", _joined("/")),
        "julia": ("Julia", _plain),
        "maven": ("Maven", _joined(":")),
        "npm": ("npm", _joined("/")),
        "nuget": ("NuGet", _plain),
        "opam": ("opam", _plain),
        "pub": ("Pub", _plain),
        "pypi": ("PyPI", _plain),
        "swift": ("SwiftURL", _joined("/")),
        "vscode-extension": ("VSCode", _joined(".")),
    }
)

_DISTRIBUTIONS = frozenset({"deb", "apk", "rpm"})


def _major(distro: Distro) -> str:
    return distro.version.partition(".")[0]


def _alpine(distro: Distro) -> str:
    numbers = re.match(r"[0-9]+\.[0-9]+", distro.version)
    return f"v{numbers[0]}" if numbers else distro.version


def _whole(distro: Distro) -> str:
    return distro.version


def _named(words: str) -> Callable[[Distro], str]:
    def release(distro: Distro) -> str:
        return words.format(distro.version) if distro.version else ""

    return release


def _open_euler(distro: Distro) -> str:
    """``22.03-LTS-SP3``, of which the version has only the beginning: the rest is in the name."""
    found = re.search(r"\((?P<service>[A-Z0-9-]+)\)", distro.name)
    return f"{distro.version}-{found['service']}" if found and distro.version else distro.version


#: os-release id → OSV ecosystem, its spelling of the release, and whether advisories name source packages.
_RELEASES: Mapping[str, tuple[str, Callable[[Distro], str] | None, bool]] = MappingProxyType(
    {
        "almalinux": ("AlmaLinux", _major, False),
        "alpaquita": ("Alpaquita", _whole, True),
        "alpine": ("Alpine", _alpine, True),
        "azurelinux": ("Azure Linux", _major, True),
        "chainguard": ("Chainguard", None, True),
        "debian": ("Debian", _major, True),
        "mageia": ("Mageia", _major, True),
        # as Azure Linux was called until its third release
        "mariner": ("Azure Linux", _major, True),
        "minimos": ("MinimOS", None, True),
        "openeuler": ("openEuler", _open_euler, True),
        "opensuse-leap": ("openSUSE", _named("Leap {}"), True),
        "opensuse-leap-micro": ("openSUSE", _named("Leap Micro {}"), True),
        "opensuse-tumbleweed": ("openSUSE", lambda _: "Tumbleweed", True),
        "photon": ("Photon OS", _whole, True),
        "rhel": (rhel.BASE, _major, True),
        "rocky": ("Rocky Linux", _major, True),
        "ubuntu": ("Ubuntu", _whole, True),
        "wolfi": ("Wolfi", None, True),
    }
)


#: Advisories write 1:3.0.7-27.el9 where a PURL has the epoch among its qualifiers.
_EPOCH = regex(r"[?&]epoch=(?P<epoch>[0-9]{1,10})(?:[&#]|$)")


def epochs_of(packages: Iterable[Package]) -> Epochs:
    """Epochs of sources, which rpm records nowhere: that of a binary with the source's own version.

    Others of the same source may have versions and epochs of their own, as Perl's modules do.
    """
    found: dict[SourcePackage, str] = {}
    for package in packages:
        if package.source and package.source.version == package.version and (epoch := _epoch(package)):
            found[package.source] = epoch
    return found


def _epoch(package: Package) -> str:
    found = _EPOCH.search(package.purl) if package.type == "rpm" else None
    return found["epoch"] if found else ""


def _distribution(package: Package, held: Collection[str], epochs: Epochs) -> Lookup:
    if package.distro is None:
        return _unknown(package, package.type, "no_release")
    distro = package.distro
    known = _RELEASES.get(distro.id)
    label = f"{distro.id}:{distro.version}" if distro.version else distro.id
    if known is None:
        return _unknown(package, label)
    base, release_of, by_source = known
    name, version, epoch = package.name, package.version, _epoch(package)
    if by_source and package.source:
        name, version = _source(package, package.source)
        epoch = epochs.get(package.source, epoch if version == package.version else "")
    version = f"{epoch}:{version}" if epoch and ":" not in version else version
    if release_of is None:
        return Lookup(ecosystem=base, label=base, name=name, version=version, subject=name)
    release = release_of(distro)
    if not release:
        # a rolling or unnamed release: no advisory speaks of it
        return Lookup(ecosystem=None, label=base, name=name, version=version, subject=name, unknown="no_release")
    ecosystem = f"{base}:{release}"
    if base == rhel.BASE:
        asked = rhel.name_of(package.purl, name)
        return Lookup(ecosystem, ecosystem, asked, version, name, line=rhel.line_of(ecosystem, version))
    if base != "Ubuntu":
        return Lookup(ecosystem, ecosystem, name, version, name)
    lts = f"{ecosystem}:LTS"
    ecosystem = next((text for text in (lts, _pro(lts, version)) if text in held), ecosystem)
    return Lookup(ecosystem, ecosystem, name, version, name, line=_pro(ecosystem, version))


#: A build of Ubuntu Pro's extended maintenance: 2.4.29-1ubuntu4.27+esm2, 1.0.1f-1ubuntu2.27+esm9.
_ESM = regex(r"[+~]esm[0-9]")


def _pro(ecosystem: str, version: str) -> str:
    """The ecosystem of Ubuntu Pro for a build of its extended maintenance; empty for any other.

    The list of the LTS release calls what only Pro mends unfixed for ever.
    """
    if ecosystem.startswith("Ubuntu:") and ecosystem.endswith(":LTS") and _ESM.search(version):
        return f"Ubuntu:Pro:{ecosystem.removeprefix('Ubuntu:').removeprefix('Pro:')}"
    return ""


#: Signed kernels are built from a source of their own with a version of its own: linux-signed-amd64 6.1.90+1 holds the
#: linux-image of linux 6.1.90-1, which is the binary's version.
_SIGNED_KERNEL = regex(r"linux-signed(?:-[a-z0-9]+)?")


def _source(package: Package, source: SourcePackage) -> tuple[str, str]:
    """Name and version of what was built."""
    if package.type == "deb" and _SIGNED_KERNEL.fullmatch(source.name):
        return "linux", package.version
    return source.name, source.version
