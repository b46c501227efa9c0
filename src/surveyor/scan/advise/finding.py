"""Makes one finding of one flaw in one package: every source's word, the versions it concerns, what mends it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from surveyor.scan.advise import cpe
from surveyor.scan.advise.enrich import Known
from surveyor.scan.advise.headers import HEADERS
from surveyor.scan.advise.hit import RECORDS, Flaw, Installed, Match, Subject
from surveyor.scan.advise.packing import Record
from surveyor.scan.advise.ranges import describe
from surveyor.scan.advise.record import State
from surveyor.scan.advise.telling import Told, tell
from surveyor.scan.model import Asset, Domain, Evidence, Finding, Fix, Severity, Tier

_RANGES = 20
_NAMED = 10
_AGAIN = "Build and scan again"
_DISPUTED, _BY_NAME = 0.7, 0.6
#: What all states, or all ecosystems, of hits are together that count for less.
_LOOKING, _PRODUCTS = {str(State.INVESTIGATING)}, {cpe.ECOSYSTEM}
#: That a flaw of the kernel is one of its headers.
_ASIDE = 0.1


class _Shared(NamedTuple):
    """What the findings about all flaws have in common that the same advisories name in the same packages."""

    records: list[tuple[str, Record]]
    told: Told
    package: str
    assets: tuple[Asset, ...]
    fix_state: str
    confidence: float
    tier: Tier
    evidence: tuple[Evidence, ...]
    recommended_fix: Fix


class Findings:
    """The findings of one match; ``record`` gives the rest of an advisory of a collection, by their numbers.

    An erratum mends many flaws of a package at once, and tells the same of each.
    """

    def __init__(self, record: Callable[[int, int], Record]) -> None:
        self._record = record
        self._shared: dict[tuple[int, ...], _Shared] = {}

    def build(self, flaw: Flaw, known: Known) -> Finding:
        """The finding about a flaw; ``known`` is what is known of it whatever has it."""
        shared = self._of(flaw)
        told = tell(shared.records, known.facts) if known.facts else shared.told
        return Finding(
            domain=Domain.VULNERABILITY,
            rule=flaw.ids[0],
            title=flaw.title,
            # nobody has rated what a flaw of the kernel is in headers
            severity=Severity.UNKNOWN if flaw.aside else told.severity,
            description=told.description,
            ids=flaw.ids,
            cvss=told.cvss,
            epss=known.epss,
            epss_percentile=known.percentile,
            epss_date=known.epss_date,
            kev=known.kev,
            known_exploited=known.exploited,
            cwes=told.cwes,
            published=told.published,
            modified=told.modified,
            ruled_by=flaw.ruling.by,
            package=shared.package,
            assets=shared.assets,
            fixed_in=flaw.fixes.fixed,
            fix_state=shared.fix_state,
            confidence=shared.confidence,
            tier=shared.tier,
            evidence=shared.evidence,
            recommended_fix=shared.recommended_fix,
            references=told.references,
        )

    def _of(self, flaw: Flaw) -> _Shared:
        hits, against = flaw.ruling.hits, flaw.ruling.against
        key = (len(hits), *map(id, hits), *map(id, against)) if len(hits) > 1 or against else (1, id(hits[0]))
        held = self._shared.get(key)
        if held is None:
            held = self._shared[key] = self._share(flaw, hits, against)
        return held

    def _share(self, flaw: Flaw, hits: Sequence[Match], against: Sequence[Match]) -> _Shared:
        named: Collection[Match] = hits
        places = [hits[0].installed]
        if len(hits) > 1:
            named = {match.advisory: match for match in hits}.values()
            places = list({id(match.installed): match.installed for match in hits}.values())
        records = [(match.ids[0], self._record(match.advisory, match.collection)) for match in named]
        state = _fix_state(hits)
        return _Shared(
            records=records,
            told=tell(records, ()),
            package=places[0].purl,
            assets=places[0].assets if len(places) == 1 else tuple(asset for place in places for asset in place.assets),
            fix_state=state,
            confidence=_ASIDE if flaw.aside else _sure(hits, against, places),
            tier=Tier.CONFIRMED if Tier.CONFIRMED in [place.tier for place in places] else Tier.HEURISTIC,
            evidence=_evidence(hits, against, places, aside=flaw.aside),
            recommended_fix=_fix(flaw.subject, places, flaw.fixes.targets, state),
        )


def _sure(hits: Sequence[Match], against: Sequence[Match], places: Sequence[Installed]) -> float:
    """How sure it is, 0..1; a product's name is a hint, and so is a vendor that is still looking."""
    sure = max([place.confidence for place in places])
    if against or {match.state for match in hits} == _LOOKING:
        sure *= _DISPUTED
    return round(sure * (_BY_NAME if {match.ecosystem for match in hits} == _PRODUCTS else 1.0), 3)


def _affected(match: Match) -> str:
    """What a source says whose word counts, under which condition."""
    told = f"{match.version} is affected: {match.verdict.text}"
    return f"{told} ({reason})" if (reason := match.reason) else told


def _otherwise(match: Match) -> str:
    """What a source says whose word does not count."""
    if match.verdict.affected:
        return f"{match.version} is affected by this source: {match.verdict.text}"
    if match.state == State.NOT_AFFECTED:
        return f"{match.version} is not affected by this source: {match.reason or 'no reason given'}"
    return f"{match.version} is not affected by this source: {describe(match.row.ranges, match.row.versions)}"


def _fix_state(hits: Sequence[Match]) -> str:
    """Whether there is a fix; where there is none, a vendor's word on why, of the vendor that counts most."""
    if any(match.verdict.fixed for match in hits):
        return "fixed"
    said = max((match for match in hits if match.state), key=lambda match: match.rank, default=None)
    if said is not None:
        return str(said.state)
    return "not_fixed" if any(match.verdict.open_ended for match in hits) else "unknown"


def _evidence(
    hits: Sequence[Match], against: Sequence[Match], places: Sequence[Installed], *, aside: str
) -> tuple[Evidence, ...]:
    """The ranges that matched, those of sources that disagree, then the records of the packages.

    Before them why it is hardly one, where only headers are there.
    """
    if aside:
        why = Evidence(kind="rule", value=f"nothing of the kernel is in {aside}", where=HEADERS)
        return (why, *_evidence(hits, against, places, aside=""))
    ranges = [_range(match, _affected(match)) for match in hits[:_RANGES]]
    if against:
        ranges += [_range(match, _otherwise(match)) for match in against[:_RANGES]]
    if len(ranges) > 1:
        ranges = list(dict.fromkeys(ranges))
    if len(places) == 1:
        return (*ranges, *places[0].records)
    return (*ranges, *dict.fromkeys([item for place in places for item in place.records][:RECORDS]))


def _range(match: Match, said: str) -> Evidence:
    return Evidence(kind="range", value=said, where=f"{match.where} {match.ids[0]}")


_UNFIXED = {
    "not_fixed": "No fixed version is known",
    State.WILL_NOT_FIX: "The vendor will not fix it",
    State.DEFERRED: "The vendor has put off a fix",
    State.INVESTIGATING: "The vendor is still looking into it",
    State.END_OF_LIFE: "This release gets no more fixes",
}
_COMMANDS: dict[str, Callable[[Sequence[str], str], str]] = {
    "apk": lambda names, _: f"apk add --upgrade {_quoted(*names)}",
    "cargo": lambda names, version: f"cargo update -p {_quoted(*names)} --precise {_quoted(version)}",
    "deb": lambda names, _: f"apt-get update && apt-get install --only-upgrade {_quoted(*names)}",
    "gem": lambda names, _: f"bundle update {_quoted(*names)}",
    "golang": lambda names, version: f"go get {_quoted(*_at(names, '@v', version.removeprefix('v')))}",
    "npm": lambda names, version: f"npm install {_quoted(*_at(names, '@', version))}",
    "pypi": lambda names, version: f"pip install {_quoted(*_at(names, '>=', version))}",
    "rpm": lambda names, _: f"dnf upgrade {_quoted(*names)}",
}


def _at(names: Sequence[str], sign: str, version: str) -> Iterator[str]:
    return (f"{name}{sign}{version}" for name in names)


def _quoted(*words: str) -> str:
    """Words as a shell takes them: names come from targets and versions from feeds, and people copy commands."""
    return " ".join(map(shlex.quote, words))


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
    names = list(dict.fromkeys(name for place in places for name in place.names[:_NAMED]))
    if subject.type in {"golang", "npm"} and subject.namespace:
        names = [f"{subject.namespace}/{subject.name}"]
    return Fix(summary=summary, steps=(command(names, targets[-1]), _AGAIN))
