"""What a report is about, as statements may name it: the target itself, its packages, and where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from surveyor.remedy.decisions.statement import PackageSelector, Product, Scope
from surveyor.scan.errors import BadTarget
from surveyor.scan.formats import purl, reference
from surveyor.scan.formats.purl import Purl
from surveyor.scan.formats.reference import Reference
from surveyor.scan.model import Asset, Distro, Finding, Package, Report

#: What a platform's CPE calls a distribution, by vendor and product; and what its os-release does, with the version
#: that is a part of a product's name.
_PLATFORMS = {
    "redhat:enterprise_linux": "rhel",
    "debian:debian_linux": "debian",
    "canonical:ubuntu_linux": "ubuntu",
    "alpinelinux:alpine_linux": "alpine",
    "fedoraproject:fedora": "fedora",
    "almalinux:almalinux": "almalinux",
    "rocky:linux": "rocky",
    "oracle:linux": "ol",
    "amazon:linux_2": "amzn:2",
    "suse:linux_enterprise_server": "sles",
    "opensuse:leap": "opensuse-leap",
}
_CPE = re.compile(r"cpe:(?:/|2\.3:)[oa]:([^:]+):([^:]+)(?::([^:]*))?(?::([^:]*))?")
#: A service pack, which a CPE has as an update and os-release as a part of the version: ``15`` and ``sp4``, ``15.4``.
_PACK = re.compile(r"sp(?=[0-9])")
#: What RPM and Debian call the architecture of a source package in a PURL.
_SOURCES = frozenset({"src", "source"})
_LAYERED = frozenset({"oci", "docker"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that a finding affects, with what is known of the package there."""

    asset: Asset
    purl: Purl | None
    package: Package | None


class Target:
    """A report's target; ``called`` are further names of it."""

    def __init__(self, report: Report, called: Iterable[str] = ()) -> None:
        target = report.target
        self._called = [found for name in called if (found := purl.parse(name))]
        self._digest = (target.digest or "").removeprefix("sha256:")
        self._references = list(_references((target.name, target.source)))
        images = (name for held in self._references for name in (held.repository, held.repository.rpartition("/")[2]))
        self._tags = {held.tag for held in self._references if held.tag} - {"latest"}
        self._names = {name for name in (target.source, target.name, target.digest, *images, *called) if name}
        self._packages = {package.purl: package for package in report.packages}
        self._parsed: dict[str, Purl | None] = {}
        # one product is asked about for every place of every finding
        self._itself: dict[Product, bool] = {}
        self._inside: dict[Product, tuple[str, ...]] = {}
        self._distros = {package.distro for package in report.packages if package.distro}

    def places(self, finding: Finding) -> list[Place]:
        """Everything that a finding affects; one that names nothing affects the target."""
        assets = finding.assets or (Asset(type="package", value=finding.package or ""),)
        return [
            Place(asset=asset, purl=self._purl(asset.value), package=self._packages.get(asset.value))
            for asset in assets
        ]

    def missing(self, scope: Scope, place: Place, subject: Purl | None) -> str | None:
        """What of a scope is not here, ``product``, ``package`` or ``path``; nothing when the scope holds.

        ``subject`` is the package that the finding is about, which may be the source of the one that lies there.
        """
        if scope.product is not None and not self._is(scope.product, scope, place, subject):
            return "product"
        if scope.packages and not any(_selects(one, place, subject) for one in scope.packages):
            return "package"
        path, url = place.asset.path or "", place.asset.value if place.asset.type == "url" else ""
        if scope.paths and not any(glob.matches(path) for glob in scope.paths):
            return "path"
        return "path" if scope.urls and not any(glob.matches(url) for glob in scope.urls) else None

    def holds(self, scope: Scope, package: Package) -> bool:
        """Whether a scope names a package, wherever it lies."""
        place = Place(asset=Asset(type="package", value=package.purl), purl=self._purl(package.purl), package=package)
        return self.missing(scope, place, None) is None

    def _purl(self, text: str) -> Purl | None:
        if text not in self._parsed:
            self._parsed[text] = purl.parse(text)
        return self._parsed[text]

    def _is(self, product: Product, scope: Scope, place: Place, subject: Purl | None) -> bool:
        if product.platforms:
            return all(self._is_platform(cpe) for cpe in product.platforms)
        if product not in self._itself:
            self._itself[product] = self._is_itself(product)
        if self._itself[product]:
            return True
        if not scope.packages:
            return any(_selects(PackageSelector(purl=one), place, subject) for one in product.purls)
        # a component of a package: what lies inside that package's own file
        if product not in self._inside:
            self._inside[product] = tuple(self._files(product.purls))
        return (place.asset.path or "").startswith(self._inside[product]) if self._inside[product] else False

    def _is_itself(self, product: Product) -> bool:
        if self._digest and self._digest in product.digests:
            return True
        if any(_covers(one, other) for one in product.purls for other in self._called):
            return True
        if not self._may_be(product.version):
            return False
        if not self._names.isdisjoint(product.names):
            return True
        if any(one.type == "generic" and not one.version and one.name in self._names for one in product.purls):
            return True
        return any(_is_image(one, held, self._digest) for one in product.purls for held in self._references)

    def _may_be(self, version: str) -> bool:
        """Whether what is called by a name may be of a version; what its own is, only an image's tag tells."""
        return not version or not self._tags or version in self._tags

    def _files(self, purls: Iterable[Purl]) -> Iterator[str]:
        """How the paths of what lies inside these packages begin."""
        wanted = [PackageSelector(purl=one) for one in purls]
        for package in self._packages.values():
            place = Place(
                asset=Asset(type="package", value=package.purl), purl=self._purl(package.purl), package=package
            )
            if any(_selects(one, place, None) for one in wanted):
                yield from (f"{where.path}!/" for where in package.locations)

    def _is_platform(self, cpe: str) -> bool:
        """Whether a distribution in the target is the one that a CPE means; versions as far as the CPE tells them."""
        match = _CPE.match(cpe.casefold())
        if match is None:
            return False
        known, _, own = _PLATFORMS.get(f"{match[1]}:{match[2]}", "").partition(":")
        version = ".".join(filter(None, (own, *((match[part] or "").strip("*-") for part in (3, 4)))))
        version = _PACK.sub("", version)
        return any(_is_release(distro, known, version) for distro in self._distros)


def _references(names: Iterable[str | None]) -> Iterator[Reference]:
    """A target's names that can be those of images, wherever they came from."""
    return filter(None, map(image_of, dict.fromkeys(filter(None, names))))


def image_of(name: str) -> Reference | None:
    """The image that a target's name means, if it can mean one: ``docker://NAME`` and the like too."""
    try:
        return reference.parse(name.partition("://")[2] if "://" in name else name)
    except BadTarget:
        return None


def _is_image(given: Purl, held: Reference, digest: str) -> bool:
    """Whether a PURL names an image (the purl specification's types ``oci`` and ``docker``)."""
    if given.type not in _LAYERED or given.name.casefold() != held.repository.rpartition("/")[2].casefold():
        return False
    namespace = given.namespace if given.type == "docker" else None
    if namespace and not f"/{held.repository}".endswith(f"/{namespace}/{given.name}"):
        return False
    wanted = list(_references([given.qualifier("repository_url")]))
    if any((one.host, one.repository) != (held.host, held.repository) for one in wanted):
        return False
    if given.version.startswith("sha256:"):
        return given.version.removeprefix("sha256:") in {digest, (held.digest or "").removeprefix("sha256:")} - {""}
    return all(not tag or tag == held.tag for tag in (given.qualifier("tag"), given.version))


def subject_of(finding: Finding) -> Purl | None:
    """The package in a vulnerability's title, ``{id}: {type}/{namespace/}{name}``: distributions name the source."""
    _, colon, path = finding.title.partition(": ")
    return purl.parse(f"pkg:{path}") if colon and "/" in path else None


def _selects(one: PackageSelector, place: Place, subject: Purl | None) -> bool:
    if one.name is not None:
        return any(one.name.matches(text) for purl in (place.purl, subject) if purl for text in _texts(purl))
    if one.purl is None:
        return False
    if one.purl.qualifier("arch") in _SOURCES:
        return _is_source(one.purl, place, subject)
    if place.purl is not None and _covers(one.purl, place.purl):
        return True
    return not one.purl.qualifiers and _is_source(one.purl, place, subject)


def _is_source(given: Purl, place: Place, subject: Purl | None) -> bool:
    """Whether a PURL names the source package of what lies there."""
    if subject is None or given.subpath or _name(given) != _name(subject):
        return False
    held = place.purl
    if any(held is None or held.qualifier(key) != value for key, value in given.qualifiers if key != "arch"):
        return False
    source = place.package.source if place.package else None
    known = source.version if source else place.purl.version if place.purl else ""
    return not given.version or given.version == known


def _covers(given: Purl, held: Purl) -> bool:
    """Whether what is given is all true of what is there."""
    if _name(given) != _name(held) or (given.version and given.version != held.version):
        return False
    if given.subpath and given.subpath != held.subpath:
        return False
    return all(held.qualifier(key) == value for key, value in given.qualifiers)


@lru_cache(maxsize=16_384)
def _name(given: Purl) -> tuple[str, str, str]:
    """Type, namespace and name as they are compared: PyPI's names in its own normal form."""
    name = given.name.casefold()
    if given.type == "pypi":
        name = re.sub(r"[-_.]+", "-", name)
    return given.type, (given.namespace or "").casefold(), name


@lru_cache(maxsize=16_384)
def _texts(given: Purl) -> tuple[str, ...]:
    """What a pattern of a package's name may match: the name alone, with its namespace, and with its type too."""
    kind, namespace, normal = _name(given)
    found = []
    for name in dict.fromkeys((normal, given.name.casefold())):
        whole = f"{namespace}/{name}" if namespace else name
        found += [name, whole, f"{kind}/{whole}"]
    return tuple(found)


def names_of(places: Iterable[Place], subject: Purl | None) -> set[str]:
    """The last part of every name that a selector without wildcards may name what lies there by."""
    purls = {place.purl for place in places} | {subject}
    return {text.rpartition("/")[2] for one in purls if one for text in _texts(one)}


def plain_names(scopes: Iterable[Scope]) -> set[str] | None:
    """The same of what scopes select; nothing when one of them may select a package of any name."""
    found: set[str] = set()
    for scope in scopes:
        for one in scope.packages:
            name = _name(one.purl)[2] if one.purl else one.name.plain if one.name else None
            if name is None:
                return None
            found.add(name.rpartition("/")[2])
        if not scope.packages:
            return None
    return found


def _is_release(distro: Distro, known: str, version: str) -> bool:
    if not known or distro.id.casefold() != known:
        return False
    return not version or f"{distro.version}.".startswith(f"{version}.")
