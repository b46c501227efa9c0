"""Makes one finding of one flaw in one package: every source's word, the versions it concerns, what mends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from surveyor.scan.advise import cvss
from surveyor.scan.advise.aliases import Group
from surveyor.scan.advise.packing import Record, Row
from surveyor.scan.advise.ranges import Keys, Verdict, describe
from surveyor.scan.advise.upgrade import Claim, Upgrades, upgrades
from surveyor.scan.model import (
    Asset,
    Cvss,
    Domain,
    Evidence,
    Finding,
    Fix,
    Package,
    Presence,
    Severity,
    Tier,
)

_REFERENCES = 10
_ASSETS_PER_PACKAGE = 50
_RANGES = 20
_RECORDS = 20
_NAMED = 10
_AGAIN = "Build and scan again"
#: Confidence by how a package was seen; a manifest's wish is not an installation.
_CONFIDENCE = {Tier.CONFIRMED: 0.95, Tier.HEURISTIC: 0.5}
_DECLARED, _DISPUTED = 0.8, 0.7
_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "minor": Severity.LOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
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
        records=tuple(dict.fromkeys(records))[:_RECORDS],
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


class Match:
    """One advisory's verdict on one version, and the installed packages that have it.

    ``ids`` are the names of the flaw, the record's own first; ``errata`` the flaws that the record mends, when several.
    """

    __slots__ = ("errata", "ids", "installed", "keys", "row", "verdict", "version", "where")

    def __init__(self, row: Row, verdict: Verdict, version: str, where: str, packages: Installed, keys: Keys) -> None:
        # tens of thousands are made in a scan, which a frozen dataclass would notice
        self.row = row
        self.ids = row.ids
        self.errata = row.errata
        self.verdict = verdict
        self.version = version
        self.where = where
        self.installed = packages
        self.keys = keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The package that a finding is about: PURL parts, and the name people upgrade."""

    type: str
    namespace: str | None
    name: str

    @property
    def path(self) -> str:
        """``type/namespace/name``."""
        return "/".join(part for part in (self.type, self.namespace, self.name) if part)


def build(subject: Subject, group: Group[Match], record: Callable[[Row], Record]) -> Finding | None:
    """The finding of one group, ``None`` when no source calls an installed version affected."""
    hits = [match for match in group.members if match.verdict.affected]
    if not hits:
        return None
    disputes = _disputes(group.members, hits) if len(hits) < len(group.members) else []
    told = [
        (name, record(row)) for name, row in {match.row.advisory: (match.ids[0], match.row) for match in hits}.values()
    ]
    rated = [_rated(name, item) for name, item in told]
    places = list({id(match.installed): match.installed for match in hits}.values())
    fixes = _upgrades(hits)
    state = _fix_state(hits)
    preferred = group.ids[0]
    return Finding(
        domain=Domain.VULNERABILITY,
        rule=preferred,
        title=f"{preferred}: {subject.path}",
        severity=_severity([item for _, item in told], rated),
        description=next((item.summary or item.details for _, item in told if item.summary or item.details), ""),
        ids=group.ids,
        cvss=_distinct(rated),
        package=places[0].purl,
        assets=places[0].assets if len(places) == 1 else tuple(asset for place in places for asset in place.assets),
        fixed_in=fixes.fixed,
        fix_state=state,
        confidence=round(max(place.confidence for place in places) * (_DISPUTED if disputes else 1.0), 3),
        tier=Tier.CONFIRMED if any(place.tier is Tier.CONFIRMED for place in places) else Tier.HEURISTIC,
        evidence=_evidence(hits, disputes, places),
        recommended_fix=_fix(subject, places, fixes.targets, state),
        references=tuple(dict.fromkeys(url for _, item in told for url in item.references))[:_REFERENCES],
    )


def _disputes(members: Sequence[Match], hits: Sequence[Match]) -> list[Match]:
    """Sources that know the flaw and the package and call a version safe that another one calls affected."""
    affected = {match.version for match in hits}
    speaking = {(match.ids[0], match.version) for match in hits}
    return [
        match
        for match in members
        if not match.verdict.affected
        and not match.verdict.undecided
        and match.version in affected
        and (match.ids[0], match.version) not in speaking
    ]


def _rated(name: str, item: Record) -> list[Cvss]:
    if not item.severity:
        return []
    vectors = (vector for system, vector in item.severity if system.startswith("CVSS"))
    return [rated for vector in vectors if (rated := cvss.try_rate(vector, name))]


def _distinct(rated: Sequence[Sequence[Cvss]]) -> tuple[Cvss, ...]:
    """Each vector once, by the first source that gives it."""
    found: dict[str, Cvss] = {}
    for scores in rated:
        for score in scores:
            found.setdefault(score.vector, score)
    return tuple(found.values())


def _severity(records: Sequence[Record], rated: Sequence[Sequence[Cvss]]) -> Severity:
    """The worst that any source says: of each its newest CVSS, else its word; unknown when none says anything."""
    ratings = []
    for item, scores in zip(records, rated, strict=True):
        newest = max(scores, key=lambda score: score.version, default=None)
        if newest is not None and newest.score is not None:
            ratings.append(cvss.severity(newest.score, version=newest.version))
        elif word := _word(item):
            ratings.append(word)
    return min(ratings, key=lambda rating: rating.rank, default=Severity.UNKNOWN)


def _word(item: Record) -> Severity | None:
    """A rating in words, from the record or from a system that has words only (Ubuntu's)."""
    words = [item.word, *(text.lower() for system, text in item.severity if not system.startswith("CVSS"))]
    return next((_WORDS[word] for word in words if word in _WORDS), None)


def _range(match: Match) -> str:
    return describe(match.row.ranges, match.row.versions)


def _upgrades(hits: Sequence[Match]) -> Upgrades:
    """What mends all hits; most are one source's word on one version, with one fix at most."""
    first = hits[0]
    if len(hits) == 1 and sum(map(len, first.row.ranges)) <= 4:
        known = (first.verdict.fixed,) if first.verdict.fixed else ()
        return Upgrades(known, known)
    # each release of a distribution is mended for itself
    by_ecosystem: dict[str, list[Match]] = {}
    for match in hits:
        by_ecosystem.setdefault(match.where.partition(":")[2], []).append(match)
    parts = [_upgrades_of(matches) for matches in by_ecosystem.values()]
    targets = dict.fromkeys(version for part in parts for version in part.targets)
    return Upgrades(tuple(targets), tuple(targets | dict.fromkeys(version for part in parts for version in part.fixed)))


def _upgrades_of(hits: Sequence[Match]) -> Upgrades:
    claims = {match.row.advisory: Claim(match.row.ranges, match.row.versions) for match in hits}
    return upgrades({match.version for match in hits}, list(claims.values()), hits[0].keys)


def _fix_state(hits: Sequence[Match]) -> str:
    if any(match.verdict.fixed for match in hits):
        return "fixed"
    return "not_fixed" if any(match.verdict.open_ended for match in hits) else "unknown"


def _evidence(hits: Sequence[Match], disputes: Sequence[Match], places: Sequence[Installed]) -> tuple[Evidence, ...]:
    """The ranges that matched, those of sources that disagree, then the records of the packages."""
    said = [(match, f"{match.version} is affected: {match.verdict.text}") for match in hits[:_RANGES]]
    said += [
        (match, f"{match.version} is not affected by this source: {_range(match)}") for match in disputes[:_RANGES]
    ]
    ranges = [Evidence(kind="range", value=text, where=f"{match.where} {match.ids[0]}") for match, text in said]
    if len(ranges) > 1:
        ranges = list(dict.fromkeys(ranges))
    if len(places) == 1:
        return (*ranges, *places[0].records)
    return (*ranges, *dict.fromkeys([item for place in places for item in place.records][:_RECORDS]))


_COMMANDS: dict[str, Callable[[str, str], str]] = {
    "apk": lambda names, _: f"apk add --upgrade {names}",
    "cargo": lambda names, version: f"cargo update -p {names} --precise {version}",
    "deb": lambda names, _: f"apt-get update && apt-get install --only-upgrade {names}",
    "gem": lambda names, _: f"bundle update {names}",
    "golang": lambda names, version: f"go get {names}@v{version.removeprefix('v')}",
    "npm": lambda names, version: f"npm install {names}@{version}",
    "pypi": lambda names, version: f"pip install '{names}>={version}'",
    "rpm": lambda names, _: f"dnf upgrade {names}",
}


def _fix(subject: Subject, places: Sequence[Installed], targets: Sequence[str], state: str) -> Fix:
    """How to get rid of it; ``targets`` are the nearest upgrade of each installed version."""
    if not targets:
        words = "No fixed version is known" if state == "not_fixed" else "No fixed version is named"
        return Fix(
            summary=f"{words} for {subject.name}",
            steps=("Follow the references for a workaround", f"Remove {subject.name} if nothing needs it"),
        )
    summary = f"Upgrade {subject.name} to {' or '.join(targets[-3:])} or later"
    command = _COMMANDS.get(subject.type)
    if command is None:
        return Fix(summary=summary, steps=(summary, _AGAIN))
    names = " ".join(dict.fromkeys(name for place in places for name in place.names[:_NAMED]))
    if subject.type in {"golang", "npm"} and subject.namespace:
        names = f"{subject.namespace}/{subject.name}"
    return Fix(summary=summary, steps=(command(names, targets[-1]), _AGAIN))
