"""Makes one finding of one flaw in one package: every source's word, the versions it concerns, what mends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from surveyor.scan.advise import cpe, rating
from surveyor.scan.advise.aliases import Group
from surveyor.scan.advise.enrich import Known
from surveyor.scan.advise.packing import Record, Row
from surveyor.scan.advise.ranges import Keys, Verdict, describe
from surveyor.scan.advise.record import FIXED, State
from surveyor.scan.advise.ruling import Ruling
from surveyor.scan.advise.upgrade import Claim, Upgrades, upgrades
from surveyor.scan.model import (
    Asset,
    Domain,
    Evidence,
    Finding,
    Fix,
    Package,
    Presence,
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
_DECLARED, _DISPUTED, _BY_NAME = 0.8, 0.7, 0.6


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
    ``source`` is the feed, and how much its word counts.
    """

    __slots__ = ("ecosystem", "errata", "feed", "ids", "installed", "keys", "rank", "row", "verdict", "version")

    def __init__(
        self,
        row: Row,
        verdict: Verdict,
        version: str,
        source: tuple[str, int],
        ecosystem: str,
        packages: Installed,
        keys: Keys,
    ) -> None:
        # tens of thousands are made in a scan, which a frozen dataclass would notice
        self.row = row
        self.ids = row.ids
        self.errata = row.errata
        self.verdict = verdict
        self.version = version
        self.feed, self.rank = source
        self.ecosystem = ecosystem
        self.installed = packages
        self.keys = keys

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
        return "/".join(filter(None, self))


@dataclass(frozen=True, slots=True)
class Flaw:
    """One flaw in one package: its names, what was ruled about the installed versions, and what mends it."""

    subject: Subject
    ids: tuple[str, ...]
    ruling: Ruling[Match]
    fixes: Upgrades

    @property
    def title(self) -> str:
        """What the finding is called; holds no version and no count."""
        return f"{self.ids[0]}: {self.subject.path}"


def flaw(subject: Subject, group: Group[Match], ruling: Ruling[Match]) -> Flaw:
    """What a group comes to, given a ruling with hits."""
    return Flaw(subject, group.ids, ruling, _upgrades(ruling.hits))


def build(flaw: Flaw, record: Callable[[Row], Record], known: Known) -> Finding:
    """The finding about a flaw; ``known`` is what is known of it whatever has it."""
    hits = flaw.ruling.hits
    rows = {match.row.advisory: (match.ids[0], match.row) for match in hits}
    told = [(name, record(row)) for name, row in rows.values()]
    rated, facts = [rating.scores(name, item) for name, item in told], rating.scores_of_facts(known.facts)
    places = list({id(match.installed): match.installed for match in hits}.values())
    state = _fix_state(hits)
    against = flaw.ruling.against
    return Finding(
        domain=Domain.VULNERABILITY,
        rule=flaw.ids[0],
        title=flaw.title,
        severity=rating.severity([item for _, item in told], rated, facts),
        description=_description(told, known),
        ids=flaw.ids,
        cvss=rating.distinct([*rated, facts]),
        epss=known.epss,
        epss_percentile=known.percentile,
        epss_date=known.epss_date,
        kev=known.kev,
        known_exploited=known.exploited,
        cwes=_cwes(told, known),
        published=_moment(min((item.published for _, item in told if item.published), default="")),
        modified=_moment(max((item.modified for _, item in told if item.modified), default="")),
        ruled_by=flaw.ruling.by,
        package=places[0].purl,
        assets=places[0].assets if len(places) == 1 else tuple(asset for place in places for asset in place.assets),
        fixed_in=flaw.fixes.fixed,
        fix_state=state,
        confidence=_sure(hits, against, places),
        tier=Tier.CONFIRMED if any(place.tier is Tier.CONFIRMED for place in places) else Tier.HEURISTIC,
        evidence=_evidence(hits, against, places),
        recommended_fix=_fix(flaw.subject, places, flaw.fixes.targets, state),
        references=_references(told, known),
    )


def _sure(hits: Sequence[Match], against: Sequence[Match], places: Sequence[Installed]) -> float:
    """How sure it is, 0..1; a product's name is a hint, and so is a vendor that is still looking."""
    sure = max([place.confidence for place in places])
    if against or all(match.row.state == State.INVESTIGATING for match in hits):
        sure *= _DISPUTED
    return round(sure * (_BY_NAME if all(match.ecosystem == cpe.ECOSYSTEM for match in hits) else 1.0), 3)


def _description(told: Sequence[tuple[str, Record]], known: Known) -> str:
    said = [item.summary or item.details for _, item in told] + [fact.summary for fact in known.facts]
    return next(filter(None, said), "")


def _cwes(told: Sequence[tuple[str, Record]], known: Known) -> tuple[str, ...]:
    said = [item.cwes for _, item in told] + [fact.cwes for fact in known.facts]
    return tuple(dict.fromkeys(chain.from_iterable(said)))


def _references(told: Sequence[tuple[str, Record]], known: Known) -> tuple[str, ...]:
    said = [item.references for _, item in told] + [fact.references for fact in known.facts]
    return tuple(dict.fromkeys(chain.from_iterable(said)))[:_REFERENCES]


def _moment(text: str) -> datetime | None:
    """A date of a record; what is none is nobody's."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _affected(match: Match) -> str:
    """What a source says whose word counts, under which condition."""
    told = f"{match.version} is affected: {match.verdict.text}"
    return f"{told} ({match.row.reason})" if match.row.reason else told


def _otherwise(match: Match) -> str:
    """What a source says whose word does not count."""
    if match.verdict.affected:
        return f"{match.version} is affected by this source: {match.verdict.text}"
    if match.row.state == State.NOT_AFFECTED:
        return f"{match.version} is not affected by this source: {match.row.reason or 'no reason given'}"
    return f"{match.version} is not affected by this source: {describe(match.row.ranges, match.row.versions)}"


def _upgrades(hits: Sequence[Match]) -> Upgrades:
    """What mends all hits; most are one source's word on one version, with one fix at most."""
    first = hits[0]
    if len(hits) == 1 and sum(map(len, first.row.ranges)) <= 4:
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
    claims = {match.row.advisory: Claim(match.row.ranges, match.row.versions) for match in hits}
    return upgrades({match.version for match in hits}, list(claims.values()), hits[0].keys)


def _fix_state(hits: Sequence[Match]) -> str:
    """Whether there is a fix; where there is none, a vendor's word on why, of the vendor that counts most."""
    if any(match.verdict.fixed for match in hits):
        return "fixed"
    said = max((match for match in hits if match.row.state), key=lambda match: match.rank, default=None)
    if said is not None:
        return str(said.row.state)
    return "not_fixed" if any(match.verdict.open_ended for match in hits) else "unknown"


def _evidence(hits: Sequence[Match], against: Sequence[Match], places: Sequence[Installed]) -> tuple[Evidence, ...]:
    """The ranges that matched, those of sources that disagree, then the records of the packages."""
    ranges = [_range(match, _affected(match)) for match in hits[:_RANGES]]
    ranges += [_range(match, _otherwise(match)) for match in against[:_RANGES]]
    if len(ranges) > 1:
        ranges = list(dict.fromkeys(ranges))
    if len(places) == 1:
        return (*ranges, *places[0].records)
    return (*ranges, *dict.fromkeys([item for place in places for item in place.records][:_RECORDS]))


def _range(match: Match, said: str) -> Evidence:
    return Evidence(kind="range", value=said, where=f"{match.where} {match.ids[0]}")


_UNFIXED = {
    "not_fixed": "No fixed version is known",
    State.WILL_NOT_FIX: "The vendor will not fix it",
    State.DEFERRED: "The vendor has put off a fix",
    State.INVESTIGATING: "The vendor is still looking into it",
    State.END_OF_LIFE: "This release gets no more fixes",
}
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
        words = _UNFIXED.get(state, "No fixed version is named")
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
