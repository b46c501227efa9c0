"""Marks a report's findings with what was decided about them, and says what became of every statement.

Where several statements are about one place, one stands: the user's own before others', then the newest, then the one
that leaves most to do (``CAUTION``), then the first. A finding is suppressed when what stands is settled for all that
it affects; where it is settled for some of it, the finding stays, and says for which.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from surveyor.remedy.decisions.statement import CAUTION, Book, Statement
from surveyor.remedy.decisions.target import Place, Target, names_of, plain_names, subject_of
from surveyor.scan.formats.purl import Purl
from surveyor.scan.judgement import SETTLED, Decided, Decision, Unapplied
from surveyor.scan.model import Finding, Report

_LISTED = 200
_NEVER = datetime.min.replace(tzinfo=UTC)
#: How near a statement came to deciding something, and what it is told of one that came no nearer.
_STEPS = {
    "id": ("no_such_id", "no finding has this id"),
    "product": ("other_product", "none of its products is this target or a package in it"),
    "package": ("no_such_package", "no finding of this id is about such a package"),
    "path": ("no_such_path", "no finding of this id is at such a path"),
}
_ORDER = list(_STEPS)


@dataclass(slots=True, eq=False)
class _Live:
    """A statement that could decide, its book, and how far it has come."""

    statement: Statement
    book: Book
    rank: int
    step: int = 0
    stands: bool = False
    rival: _Live | None = None

    def weight(self) -> tuple[bool, datetime, int, int]:
        """Of two that are about one place the heavier stands."""
        said = self.statement.at or _NEVER
        return self.book.own, said, -CAUTION.index(self.statement.status), -self.rank


@dataclass(slots=True)
class _Tally:
    """What a book decided."""

    findings: int = 0
    suppressed: int = 0
    reasons: list[Unapplied] = field(default_factory=list)


class _Index:
    """Statements by the ids that they name, those that name none by their packages, and the rest."""

    def __init__(self, live: Iterable[_Live]) -> None:
        self._by_id: dict[str, list[_Live]] = defaultdict(list)
        self._by_name: dict[str, list[_Live]] = defaultdict(list)
        self._always: list[_Live] = []
        for one in live:
            names = plain_names(one.statement.scopes)
            if one.statement.ids:
                for name in dict.fromkeys(map(str.casefold, one.statement.ids)):
                    self._by_id[name].append(one)
            elif names is not None:
                for name in names:
                    self._by_name[name].append(one)
            else:
                self._always.append(one)

    def about(self, finding: Finding, places: Sequence[Place], subject: Purl | None) -> list[_Live]:
        """Those that may be about a finding."""
        ids = dict.fromkeys(name.casefold() for name in (*finding.ids, finding.rule))
        found = {id(one): one for name in ids for one in self._by_id.get(name, ())}
        if self._by_name:
            for name in names_of(places, subject):
                found.update((id(one), one) for one in self._by_name.get(name, ()))
        return [*found.values(), *self._always]


def apply(report: Report, books: Sequence[Book], *, today: date) -> Report:
    """The report with decisions in place of those that it had."""
    live = _living(books, today)
    index = _Index(live)
    target = Target(report, [name for book in books for name in book.products])
    tallies = {id(book): _Tally() for book in books}
    findings = tuple(_decide(finding, index, target, tallies) for finding in report.findings)
    told = tuple(_told(book, [one for one in live if one.book is book], tallies[id(book)], today) for book in books)
    return replace(report, findings=findings, decisions=told)


def _living(books: Sequence[Book], today: date) -> list[_Live]:
    pairs = [(book, statement) for book in books for statement in book.statements]
    return [
        _Live(statement, book, rank, step=0 if statement.ids else _ORDER.index("package"))
        for rank, (book, statement) in enumerate(pairs)
        if statement.until is None or today <= statement.until
    ]


def _decide(
    finding: Finding,
    index: _Index,
    target: Target,
    tallies: dict[int, _Tally],
) -> Finding:
    places, subject = target.places(finding), subject_of(finding)
    candidates = index.about(finding, places, subject)
    if not candidates:
        return finding if finding.decision is None else replace(finding, decision=None)
    standing = [_standing(place, candidates, target, subject) for place in places]
    for one in {id(one): one for one in standing if one}.values():
        one.stands = True
    for book in {id(one.book) for one in standing if one}:
        tallies[book].findings += 1
    decision, by = _decision(places, standing)
    if decision is not None and decision.suppressed and by is not None:
        tallies[id(by.book)].suppressed += 1
    return replace(finding, decision=decision)


def _standing(place: Place, candidates: Sequence[_Live], target: Target, subject: Purl | None) -> _Live | None:
    """The statement that stands for one place."""
    holding = []
    for one in candidates:
        missing = _nearest(target.missing(scope, place, subject) for scope in one.statement.scopes)
        one.step = max(one.step, len(_ORDER) if missing is None else _ORDER.index(missing))
        if missing is None:
            holding.append(one)
    best = max(holding, key=_Live.weight, default=None)
    for one in holding:
        one.rival = best
    return best


def _nearest(missing: Iterable[str | None]) -> str | None:
    """Of all scopes the one that came nearest."""
    nearest = "product"
    for one in missing:
        if one is None:
            return None
        nearest = max(nearest, one, key=_ORDER.index)
    return nearest


def _decision(places: Sequence[Place], standing: Sequence[_Live | None]) -> tuple[Decision | None, _Live | None]:
    """What is told of a finding: the most cautious of what settles it, else of what was said about it."""
    said = [one for one in standing if one]
    settled = [one for one in said if one.statement.status in SETTLED]
    chosen = min(settled or said, key=lambda one: CAUTION.index(one.statement.status), default=None)
    if chosen is None:
        return None, None
    suppressed = len(settled) == len(standing)
    meant = set(map(id, settled or said))
    about = [
        place.asset.path or place.asset.value for place, one in zip(places, standing, strict=True) if id(one) in meant
    ]
    statement = chosen.statement
    return Decision(
        status=statement.status,
        source=chosen.book.source,
        statement=statement.name,
        reason=statement.reason,
        justification=statement.justification,
        until=statement.until.isoformat() if statement.until else None,
        suppressed=suppressed,
        places=() if len(about) == len(standing) else tuple(dict.fromkeys(about)),
    ), chosen


def _told(book: Book, live: Sequence[_Live], tally: _Tally, today: date) -> Decided:
    reasons = [*book.faults]
    for statement in book.statements:
        if statement.until is not None and today > statement.until:
            detail = f"held until {statement.until.isoformat()}: {_ids(statement)}"
            reasons.append(Unapplied(statement=statement.name, reason="expired", detail=detail))
    reasons += [_why_not(one) for one in live if not one.stands]
    return Decided(
        source=book.source,
        format=book.format,
        statements=len(book.statements) + len(book.faults),
        applied=sum(one.stands for one in live),
        findings=tally.findings,
        suppressed=tally.suppressed,
        unapplied=tuple(_listed(reasons)),
    )


def _why_not(one: _Live) -> Unapplied:
    if one.step < len(_ORDER):
        reason, detail = _STEPS[_ORDER[one.step]]
        if not one.statement.ids:
            detail = detail.replace(" of this id", "")
        return Unapplied(statement=one.statement.name, reason=reason, detail=f"{detail}: {_ids(one.statement)}")
    rival = one.rival
    by = f"{rival.statement.name} of {rival.book.source} stands instead" if rival else "another stands instead"
    return Unapplied(statement=one.statement.name, reason="overruled", detail=by)


def _ids(statement: Statement) -> str:
    if statement.ids:
        return ", ".join(name[:80] for name in statement.ids[:3])
    scope = statement.scopes[0] if statement.scopes else None
    if scope is None:
        return "nothing"
    names = [one.name.text if one.name else one.purl.name if one.purl else "" for one in scope.packages]
    return ", ".join([*names, *(glob.text for glob in (*scope.paths, *scope.urls))][:3]) or "everything"


def _listed(reasons: Sequence[Unapplied]) -> list[Unapplied]:
    """The first of them, and how many more for which reason."""
    rest = Counter(one.reason for one in reasons[_LISTED:])
    return [
        *reasons[:_LISTED],
        *(
            Unapplied(statement="", reason=reason, detail=f"{count:,} more", count=count)
            for reason, count in rest.items()
        ),
    ]
