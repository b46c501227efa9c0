"""What was matched: advisories on installed packages, and the flaws that these come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from surveyor.scan.advise.aliases import Group
from surveyor.scan.advise.packing import Bounds, Names, Row, plain
from surveyor.scan.advise.ranges import Keys, Verdict
from surveyor.scan.advise.record import FIXED, State
from surveyor.scan.advise.ruling import Ruling
from surveyor.scan.advise.upgrade import Claim, Upgrades, upgrades
from surveyor.scan.errors import Malformed
from surveyor.scan.model import HEADERS, Asset, Evidence, Package, Presence, Tier
from surveyor.scan.values import frozen

_ASSETS_PER_PACKAGE = 50
#: Of one finding.
RECORDS = 20
#: Confidence by how a package was seen; a manifest's wish is not an installation.
_CONFIDENCE = {Tier.CONFIRMED: 0.95, Tier.HEURISTIC: 0.5}
_DECLARED = 0.8


@frozen
class Installed:
    """The packages of one name and version, and what every finding about them tells alike."""

    names: tuple[str, ...]
    purl: str
    assets: tuple[Asset, ...]
    records: tuple[Evidence, ...]
    tier: Tier
    confidence: float


def installed(packages: Sequence[Package], *, artifact: str) -> Installed:
    """Gather what a finding tells of these packages; ``artifact`` is the target's digest or source."""
    records = [item for package in packages for item in package.evidence if item.kind == "package_record"]
    if not records:
        records = [
            Evidence(kind="package_record", value=f"{package.name} {package.version}", where=place.path)
            for package in packages
            for place in package.locations[:1]
        ]
    confirmed = any(package.tier is Tier.CONFIRMED for package in packages)
    return Installed(
        names=tuple(dict.fromkeys(package.name for package in packages)),
        purl=packages[0].purl,
        assets=tuple(asset for package in packages for asset in _assets(package, artifact)),
        records=tuple(dict.fromkeys(records))[:RECORDS],
        tier=Tier.CONFIRMED if confirmed else Tier.HEURISTIC,
        confidence=max(_confidence(package) for package in packages),
    )


def _assets(package: Package, artifact: str) -> tuple[Asset, ...]:
    if not package.locations:
        return (Asset(type="package", value=package.purl, artifact=artifact),)
    return tuple(
        Asset(type="package", value=package.purl, artifact=artifact, path=place.path, layer=place.layer)
        for place in package.locations[:_ASSETS_PER_PACKAGE]
    )


def _confidence(package: Package) -> float:
    return _CONFIDENCE[package.tier] * (_DECLARED if package.presence is Presence.DECLARED else 1.0)


class Asked(NamedTuple):
    """A version of an ecosystem that was asked about, the packages that have it, and the order it has its place in."""

    ecosystem: str
    version: str
    installed: Installed
    keys: Keys


class Match:
    """One advisory's verdict on one version, and the installed packages that have it.

    ``ids`` are the names of the flaw, the record's own first; ``errata`` the flaws that the record mends, when several.
    ``source`` is the feed, and how much its word counts. ``read`` gives all that the advisory says: most of those that
    call a version safe are never asked for more than their names.
    """

    __slots__ = (
        *("_bounds", "_names", "_read", "_row", "advisory", "collection", "ecosystem", "errata", "feed", "ids"),
        *("installed", "keys", "rank", "verdict", "version"),
    )

    def __init__(
        self,
        asked: Asked,
        bounds: Bounds,
        names: Names,
        verdict: Verdict,
        source: tuple[str, int],
        read: Callable[[Bounds, Names], Row],
    ) -> None:
        # tens of thousands are made in a scan, which a frozen dataclass would notice
        self.ecosystem, self.version, self.installed, self.keys = asked
        self._bounds, self._names, self._read = bounds, names, read
        self._row: Row | None = None
        self.advisory, self.collection = bounds[:2]
        self.ids, self.errata = names
        self.verdict = verdict
        self.feed, self.rank = source

    @property
    def row(self) -> Row:
        """All that the advisory says of the package."""
        if self._row is None:
            self._row = self._read(self._bounds, self._names)
        return self._row

    @property
    def state(self) -> str:
        """What a vendor says of the version beside the ranges."""
        state = self._bounds[3]
        if not isinstance(state, str | None):
            raise Malformed("a strange value in the advisory database")
        return state or State.AFFECTED

    @property
    def reason(self) -> str:
        """Why, or under which condition."""
        return self.row.reason if self._bounds[4] is not None else ""

    @property
    def plain(self) -> bool:
        """Whether the record names one beginning and one end at most, so that its verdict says all of them."""
        return plain(self._bounds[2])

    @property
    def fixes(self) -> list[str]:
        """The versions that the record says mend the flaw."""
        return [flat[at + 1] for flat in self.row.ranges for at in range(0, len(flat) - 1, 2) if flat[at] == FIXED]

    @property
    def where(self) -> str:
        """Whose word it is, on what."""
        return f"{self.feed}:{self.ecosystem}"


class Subject(NamedTuple):
    """The package that a finding is about: PURL parts, and the name people upgrade."""

    type: str
    namespace: str | None
    name: str

    @property
    def path(self) -> str:
        """``type/namespace/name``."""
        return f"{self.type}/{self.namespace}/{self.name}" if self.namespace else f"{self.type}/{self.name}"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One flaw in one package: its names, what was ruled about the installed versions, and what mends it.

    ``aside`` says why it is hardly one, where all that is there are headers; else it is empty.
    """

    subject: Subject
    ids: tuple[str, ...]
    ruling: Ruling[Match]
    fixes: Upgrades
    aside: str = ""

    @property
    def title(self) -> str:
        """What the finding is called; holds no version and no count."""
        return f"{self.ids[0]}: {self.subject.path}"


def flaw(subject: Subject, group: Group[Match], ruling: Ruling[Match], aside: str = "") -> Flaw:
    """What a group comes to, given a ruling with hits."""
    if aside:
        ruling = ruling._replace(by=f"{HEADERS}:{ruling.by.partition(':')[2]}")
    return Flaw(subject, group.ids, ruling, _spelt(_upgrades(ruling.hits), subject, ruling.hits), aside)


def _spelt(fixes: Upgrades, subject: Subject, hits: Sequence[Match]) -> Upgrades:
    """Versions of Go's modules begin with a v wherever people write them, and in no advisory."""
    if subject.type != "golang" or not any(match.version.startswith("v") for match in hits):
        return fixes
    return Upgrades(*(tuple(f"v{version.removeprefix('v')}" for version in several) for several in fixes))


def _upgrades(hits: Sequence[Match]) -> Upgrades:
    """What mends all hits; most are one source's word on one version, with one fix at most."""
    first = hits[0]
    if len(hits) == 1 and first.plain:
        known = (first.verdict.fixed,) if first.verdict.fixed else ()
        return Upgrades(known, known)
    # each release of a distribution is mended for itself
    by_ecosystem: dict[str, list[Match]] = {}
    for match in hits:
        by_ecosystem.setdefault(match.ecosystem, []).append(match)
    parts = [_upgrades_of(matches) for matches in by_ecosystem.values()]
    targets = dict.fromkeys(version for part in parts for version in part.targets)
    return Upgrades(tuple(targets), tuple(targets | dict.fromkeys(version for part in parts for version in part.fixed)))


def _upgrades_of(hits: Sequence[Match]) -> Upgrades:
    claims = {match.advisory: Claim(match.row.ranges, match.row.versions) for match in hits}
    return upgrades({match.version for match in hits}, list(claims.values()), hits[0].keys)
