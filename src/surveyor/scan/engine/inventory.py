"""Records become packages: stamped with their distribution, duplicate evidence merged, versions never."""

from __future__ import annotations

from dataclasses import dataclass, field

from surveyor.scan.catalog.interface import Cataloger, Record
from surveyor.scan.catalog.purl import namespace_of, purl
from surveyor.scan.model import Distro, Evidence, Location, Package, Tier

#: One package may lie in thousands of places; these are enough to find it.
_LOCATIONS = 100
_EVIDENCE = 10
_LICENSES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One record with where it was found and by whom."""

    record: Record
    cataloger: Cataloger
    path: str
    root: bytes
    layer: str | None


@dataclass(slots=True)
class _Merging:
    first: Found
    distro: Distro | None
    tier: Tier
    state: str | None
    licenses: dict[str, None] = field(default_factory=dict)
    locations: dict[Location, None] = field(default_factory=dict)
    evidence: dict[Evidence, None] = field(default_factory=dict)


class Inventory:
    """Everything found in one target."""

    def __init__(self) -> None:
        self._merging: dict[str, _Merging] = {}

    def add(self, found: Found, distro: Distro | None) -> None:
        """Take one record; ``distro`` is that of the system it was found in."""
        record = found.record
        distro = distro if found.cataloger.system else None
        entry = self._merging.setdefault(
            purl(record, distro), _Merging(first=found, distro=distro, tier=record.tier, state=record.state)
        )
        if record.tier is Tier.CONFIRMED:
            entry.tier = record.tier
        path = f"{found.path}!/{record.inner}" if record.inner else found.path
        if len(entry.locations) < _LOCATIONS:
            entry.locations[Location(path=path, layer=found.layer)] = None
        if len(entry.evidence) < _EVIDENCE:
            entry.evidence[Evidence(kind="package_record", value=record.evidence, where=path)] = None
        if len(entry.licenses) < _LICENSES:
            entry.licenses.update(dict.fromkeys(record.licenses))

    def packages(self) -> tuple[Package, ...]:
        """What was found, in the order of PURLs."""
        return tuple(_package(identity, entry) for identity, entry in sorted(self._merging.items()))


def _package(identity: str, entry: _Merging) -> Package:
    record = entry.first.record
    return Package(
        purl=identity,
        type=record.type,
        namespace=namespace_of(record, entry.distro),
        name=record.name,
        version=record.version,
        licenses=tuple(entry.licenses),
        locations=tuple(entry.locations),
        evidence=tuple(entry.evidence),
        tier=entry.tier,
        presence=record.presence,
        found_by=entry.first.cataloger.stamp,
        source=record.source,
        distro=entry.distro,
        state=entry.state,
    )
