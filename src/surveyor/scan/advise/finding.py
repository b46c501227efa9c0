"""Makes one finding of one flaw in one package: every source's word, the versions it concerns, what mends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from surveyor.scan.advise import cvss
from surveyor.scan.advise.aliases import Group
from surveyor.scan.advise.ranges import Verdict
from surveyor.scan.advise.snapshot import Record, Row
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
_EVIDENCE = 40
_NAMED = 10
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


@dataclass(frozen=True, slots=True)
class Match:
    """One advisory's verdict on one version, and the installed packages that have it."""

    row: Row
    verdict: Verdict
    version: str
    where: str
    packages: tuple[Package, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the flaw."""
        return self.row.ids

    @property
    def errata(self) -> tuple[str, ...]:
        """The flaws that the advisory mends, when several."""
        return self.row.errata


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


def build(subject: Subject, group: Group[Match], record: Callable[[Row], Record], *, artifact: str) -> Finding | None:
    """The finding of one group, ``None`` when no source calls an installed version affected."""
    hits = [match for match in group.members if match.verdict.affected]
    if not hits:
        return None
    disputes = _disputes(group.members, hits)
    records = {match.row.advisory: (match.row, record(match.row)) for match in hits}
    told = list(records.values())
    scores = _scores(told)
    packages = list({id(package): package for match in hits for package in match.packages}.values())
    fixed = tuple(dict.fromkeys(match.verdict.fixed for match in hits if match.verdict.fixed))
    preferred = group.ids[0]
    return Finding(
        domain=Domain.VULNERABILITY,
        rule=preferred,
        title=f"{preferred}: {subject.path}",
        severity=_severity(told, scores),
        description=next((item.summary or item.details for _, item in told if item.summary or item.details), ""),
        ids=group.ids,
        cvss=scores,
        package=packages[0].purl,
        assets=tuple(asset for package in packages for asset in _assets(package, artifact)),
        fixed_in=fixed,
        fix_state=_fix_state(hits),
        confidence=_confidence(packages, disputed=bool(disputes)),
        tier=Tier.CONFIRMED if any(package.tier is Tier.CONFIRMED for package in packages) else Tier.HEURISTIC,
        evidence=_evidence(hits, disputes, packages),
        recommended_fix=_fix(subject, packages, fixed, hits),
        references=tuple(dict.fromkeys(url for _, item in told for url in item.references))[:_REFERENCES],
    )


def _disputes(members: Sequence[Match], hits: Sequence[Match]) -> list[Match]:
    """Sources that know the flaw and the package and call a version safe that another one calls affected."""
    affected = {match.version for match in hits}
    speaking = {(match.row.ids[0], match.version) for match in hits}
    return [
        match
        for match in members
        if not match.verdict.affected
        and not match.verdict.undecided
        and match.version in affected
        and (match.row.ids[0], match.version) not in speaking
    ]


def _scores(told: Sequence[tuple[Row, Record]]) -> tuple[Cvss, ...]:
    found: dict[str, Cvss] = {}
    for row, item in told:
        for system, vector in item.severity:
            if system.startswith("CVSS") and (rated := cvss.try_rate(vector, row.ids[0])):
                found.setdefault(rated.vector, rated)
    return tuple(found.values())


def _severity(told: Sequence[tuple[Row, Record]], scores: Sequence[Cvss]) -> Severity:
    """The worst that any source says: of each its newest CVSS, else its word; unknown when none says anything."""
    ratings = []
    for _, item in told:
        own = [rated for rated in scores if any(vector.strip() == rated.vector for _, vector in item.severity)]
        newest = max(own, key=lambda rated: rated.version, default=None)
        if newest is not None and newest.score is not None:
            ratings.append(cvss.severity(newest.score, version=newest.version))
        elif word := _word(item):
            ratings.append(word)
    return min(ratings, key=lambda rating: rating.rank, default=Severity.UNKNOWN)


def _word(item: Record) -> Severity | None:
    """A rating in words, from the record or from a system that has words only (Ubuntu's)."""
    words = [item.word, *(text.lower() for system, text in item.severity if not system.startswith("CVSS"))]
    return next((_WORDS[word] for word in words if word in _WORDS), None)


def _assets(package: Package, artifact: str) -> tuple[Asset, ...]:
    if not package.locations:
        return (Asset(type="package", value=package.purl, artifact=artifact),)
    return tuple(
        Asset(type="package", value=package.purl, artifact=artifact, path=place.path, layer=place.layer)
        for place in package.locations[:_ASSETS_PER_PACKAGE]
    )


def _fix_state(hits: Sequence[Match]) -> str:
    if any(match.verdict.fixed for match in hits):
        return "fixed"
    return "not_fixed" if any(match.verdict.open_ended for match in hits) else "unknown"


def _confidence(packages: Sequence[Package], *, disputed: bool) -> float:
    best = max(_CONFIDENCE[item.tier] * (_DECLARED if item.presence is Presence.DECLARED else 1.0) for item in packages)
    return round(best * (_DISPUTED if disputed else 1.0), 3)


def _evidence(hits: Sequence[Match], disputes: Sequence[Match], packages: Sequence[Package]) -> tuple[Evidence, ...]:
    """The ranges that matched, those of sources that disagree, then the records of the packages."""
    said = [(match, f"{match.version} is affected: {match.verdict.text}") for match in hits]
    said += [
        (match, f"{match.version} is not affected according to this source: {match.verdict.text}") for match in disputes
    ]
    ranges = [Evidence(kind="range", value=text, where=f"{match.where} {match.row.ids[0]}") for match, text in said]
    records = [item for package in packages for item in package.evidence if item.kind == "package_record"]
    if not records:
        records = [
            Evidence(kind="package_record", value=f"{package.name} {package.version}", where=place.path)
            for package in packages
            for place in package.locations[:1]
        ]
    room = max(_EVIDENCE - len(records), _EVIDENCE // 2)
    return (*dict.fromkeys(ranges[:room]), *dict.fromkeys(records[: _EVIDENCE // 2]))


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


def _fix(subject: Subject, packages: Sequence[Package], fixed: Sequence[str], hits: Sequence[Match]) -> Fix:
    if not fixed:
        words = "No fixed version is known" if _fix_state(hits) == "not_fixed" else "No fixed version is named"
        return Fix(
            summary=f"{words} for {subject.name}",
            steps=("Follow the references for a workaround", f"Remove {subject.name} if nothing needs it"),
        )
    target = fixed[-1] if len(fixed) == 1 else " or ".join(fixed[-3:])
    summary = f"Upgrade {subject.name} to {target} or later"
    command = _COMMANDS.get(subject.type)
    if command is None:
        return Fix(summary=summary, steps=(summary, "Build and scan again"))
    names = " ".join(dict.fromkeys(package.name for package in packages[:_NAMED]))
    if subject.type in {"golang", "npm"} and subject.namespace:
        names = f"{subject.namespace}/{subject.name}"
    return Fix(summary=summary, steps=(command(names, fixed[-1]), "Build and scan again"))
