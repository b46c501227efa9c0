"""Packages that a bill of materials names: given alone, or lying beside what it describes.

A bill is somebody's word: its packages are never more than unverified. What its package URLs say of namespace, build
and distribution is kept, since advisories are asked by them. Of packages without an ecosystem it is kept whether
Surveyor itself was sure of them, since only what it was not sure of is taken for a product of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, related
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.formats import purl as purls
from surveyor.scan.formats import release
from surveyor.scan.formats.json import load_object
from surveyor.scan.formats.purl import Purl
from surveyor.scan.formats.sbom.component import Component
from surveyor.scan.formats.sbom.document import components
from surveyor.scan.formats.sbom.sign import format_of
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro, SourcePackage, Tier
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

#: Parts of a bill that are no package: files, data, what the bill is about as a whole.
_NO_PACKAGES = frozenset(
    {
        "file",
        "data",
        "device",
        "device-driver",
        "firmware",
        "operating-system",
        "container",
        "source",
        "cryptographic-asset",
    }
)
#: What is one only where a package URL says so.
_UNCERTAIN = frozenset({"application", "machine-learning-model"})
_SYSTEMS = frozenset({"alpm", "apk", "deb", "opkg", "rpm"})
#: Qualifiers that records have fields of their own for.
_OWN = frozenset({"arch", "distro", "upstream"})
_GROUP = regex(r" ?/ ?")
_LOCAL = regex(r"(?:git\+)?file:", re.IGNORECASE)
_VERSION = regex(r"\d+(?:\.\d+){0,3}")
_RELEASE = regex(r"(?P<id>[a-z][a-z0-9_.]*(?:-[a-z][a-z0-9_.]*)*)(?:-(?P<version>\d[\w.]*))?")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a component that is a package; those without a usable name are counted."""
    if format_of(file.data) is None:
        if bytes(file.data[:1]) == b"{":
            load_object(file.data)  # a bill that is cut short may have lost the key that says so
        return  # another document of such a name
    told: list[Component] = []
    cut: ScanError | None = None
    try:
        told.extend(components(file.data))  # what comes before an error stays
    except ScanError as error:
        cut = error
    system = next((_system(one) for one in told if one.kind == "operating-system"), None)
    broken = 0
    for one in told:
        if one.kind in _NO_PACKAGES or (not one.purl and one.kind in _UNCERTAIN):
            continue
        record = _record(one, system, budget)
        if record is None:
            broken += 1
            continue
        budget.package()
        yield record
    if cut:
        raise cut
    if broken:
        raise Malformed(f"{counted(broken, 'component')} without a usable name")


def _system(part: Component) -> Distro | None:
    identity = part.name.lower()
    return Distro(id=identity, version=part.version[:64]) if _RELEASE.fullmatch(identity) else None


def _record(part: Component, system: Distro | None, budget: Budget) -> Record | None:
    purl = purls.parse(part.purl) if part.purl else None
    name, version = (purl.name, purl.version or part.version) if purl else (part.name, part.version)
    # names of macOS bundles, Windows programs and what people call libraries have spaces
    if not plausible(name.replace(" ", "-")) or (version and not plausible(version)):
        return None
    licenses = tuple(found for text in part.licenses for found in licence(text))
    evidence = quote(purl=part.purl or None, name=part.name, version=part.version, reference=part.reference or None)
    if purl is None:
        generic = Record(type="generic", name=_GROUP.sub(".", name), version=version, tier=Tier.HEURISTIC)
        return _with(generic, part, licenses, evidence, budget)
    record = Record(
        type=purl.type,
        namespace=_namespace(purl),
        name=name,
        version=version,
        arch=purl.qualifier("arch") or None,
        qualifiers=_qualifiers(purl),
        subpath=purl.subpath,
        source=_source(purl),
        distro=_distro(purl) or system if purl.type in _SYSTEMS else None,
        tier=Tier.CONFIRMED if part.certain and purl.type == "generic" else Tier.HEURISTIC,
    )
    return _with(record, part, licenses, evidence, budget)


def _with(record: Record, part: Component, licenses: tuple[str, ...], evidence: str, budget: Budget) -> Record:
    inner = part.where.lstrip("/")[:1000] if part.where.isprintable() else ""
    return replace(
        record,
        licenses=licenses,
        evidence=evidence,
        inner=inner or None,
        owner=part.owner if plausible(part.owner) else None,
        called=related([part.reference] if part.reference else [], budget),
        needs=related(part.needs, budget),
        hashes=part.hashes,
    )


def _qualifiers(purl: Purl) -> tuple[tuple[str, str], ...]:
    """What tells builds apart; a folder of the machine that built it does not, whatever it is called there.

    Crates of the project itself are then from the source that cargo auditable calls local.
    """
    told = [(key, value) for key, value in purl.qualifiers if key not in _OWN and plausible(value)]
    kept = [(key, value) for key, value in told if not (key.endswith("_url") and _LOCAL.match(value))]
    return (*kept, *((("source", "local"),) if purl.type == "cargo" and len(kept) < len(told) else ()))


def _namespace(purl: Purl) -> str | None:
    # a distribution is in every package of its own; it is told once, by the record's distro
    return purl.namespace if purl.namespace and len(purl.namespace) <= 256 and purl.namespace.isprintable() else None


def _distro(purl: Purl) -> Distro | None:
    """The distribution by the qualifier, as ``debian-12``, ``opensuse-leap-15.5`` or a codename."""
    text = purl.qualifier("distro").lower()
    if purl.namespace and (named := release.by_codename(text)):
        return Distro(id=purl.namespace.lower(), version=named.version)
    if purl.namespace and _VERSION.fullmatch(text):
        return Distro(id=purl.namespace.lower(), version=text)  # as Trivy has it of Alpine
    match = _RELEASE.fullmatch(text)
    return Distro(id=match["id"], version=match["version"] or "") if match else None


def _source(purl: Purl) -> SourcePackage | None:
    name, _, version = purl.qualifier("upstream").partition("@")
    if not plausible(name):
        return None
    if purl.type == "rpm" and name.endswith(".src.rpm"):
        parts = name.removesuffix(".src.rpm").rsplit("-", 2)
        return SourcePackage(name=parts[0], version="-".join(parts[1:])) if len(parts) == 3 else None
    return SourcePackage(name=name, version=version if plausible(version) else purl.version)


CATALOGER = Cataloger(
    id="sbom",
    version=8,
    summary="Packages that a bill of materials names: CycloneDX, SPDX or Syft's own",
    names=rb"bom\.(?:json|xml)|sbom\.(?:json|xml|spdx)",
    endings=rb"cdx\.(?:json|xml)|cyclonedx\.(?:json|xml)|spdx(?:\.json)?|syft\.json|sbom\.json",
    paths=regex(
        rb"(?:^|/)(?:s?bom\.(?:json|xml)|sbom\.spdx|[^/]+\.(?:cdx\.(?:json|xml)|cyclonedx\.(?:json|xml)|spdx(?:\.json)?|"
        rb"syft\.json|sbom\.json))$",
        re.DOTALL,
    ),
    parse=parse,
    limit=32 * MIB,
)
