"""Packages and a snapshot in, findings out: pure, so that a stored inventory can be matched again on new advisories.

Matching is asked for every package that was found. One that cannot be asked about was not looked at, whoever is to
blame: the database (no such feed in it), the world (no feed covers the ecosystem), or the target (no release, no
version). Each makes the scan incomplete. Only what a rule keeps out because there is nothing to ask does not, nor what
is merely declared, without a version or a source, beside packages that are installed.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from surveyor.scan.advise import cpe, freshness, headers, ledger, programs, removal, rhel
from surveyor.scan.advise.aliases import group, related
from surveyor.scan.advise.ecosystems import Epochs, Lookup, epochs_of, lookup
from surveyor.scan.advise.enrich import EPSS, KEV, NVD, Facts
from surveyor.scan.advise.feeds import FEEDS
from surveyor.scan.advise.finding import Findings
from surveyor.scan.advise.hit import Asked, Flaw, Match, Subject, flaw, installed
from surveyor.scan.advise.judges import Judges
from surveyor.scan.advise.keys import Key
from surveyor.scan.advise.ledger import Ledger
from surveyor.scan.advise.modules import of_another_stream
from surveyor.scan.advise.packing import Bounds, Names, unpack_ranges
from surveyor.scan.advise.ranges import MISS, Keys, Spans, Verdict, between, judge
from surveyor.scan.advise.record import State
from surveyor.scan.advise.ruling import rule
from surveyor.scan.advise.snapshot import Snapshot
from surveyor.scan.advise.versions import order_of
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Finding, Package, Presence, Source, Upgrade
from surveyor.scan.settings import Feeds
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted

_RANKS = {feed.id: feed.rank for feed in FEEDS}
_NAMED = 5
_CLEARED = Verdict(False, "")
_EVERYTHING = Verdict(True, "all versions", open_ended=True)


@frozen
class Advice:
    """What the advisories say about an inventory, what could not be asked, and the feeds that the verdicts rest on.

    ``known`` counts the flaws that each feed of facts knows, of those at hand.
    """

    findings: tuple[Finding, ...]
    upgrades: tuple[Upgrade, ...]
    coverage: tuple[Coverage, ...]
    sources: tuple[Source, ...]
    known: Mapping[str, int]


def advise(
    packages: Sequence[Package],
    snapshot: Snapshot,
    *,
    artifact: str,
    progress: Progress,
    feeds: Feeds | None = None,
    now: datetime | None = None,
) -> Advice:
    """Match an inventory.

    ``artifact`` is the target's digest or source, which every asset of a finding names; ``feeds`` say what no scan may
    lack, and how old it may be ``now``.
    """
    progress("osv.query.start", counted(len(packages), "package"), packages=len(packages))
    book = Ledger()
    with progress.timing("osv"), _collector_paused():
        flaws = _flaws(packages, snapshot, book, artifact)
        facts, known = _facts(flaws, snapshot, progress)
        snapshot.ahead(match.advisory for each in flaws for match in each.ruling.hits)
        made = Findings(snapshot.record)
        findings = tuple(made.build(each, facts.of(each.ids)) for each in flaws)
        upgrades = removal.upgrades(flaws)
    fresh = freshness.entries(snapshot, tuple(book.asked), feeds or Feeds(), now or datetime.now(UTC))
    missed = freshness.missed(snapshot, tuple(book.asked), book.named, (name for each in flaws for name in each.ids))
    coverage = (*ledger.coverage(book, snapshot), *fresh, *missed)
    for entry in coverage:
        if entry.state in {CoverageState.MISSING, CoverageState.PARTIAL}:
            progress("osv.err", f"{entry.what}: {entry.detail}", reason=entry.reason, count=entry.count)
    asked = sum(book.asked.values())
    progress("osv.query.done", f"asked={asked:,} findings={len(findings):,}", asked=asked, findings=len(findings))
    _vendors(book, snapshot, progress)
    return Advice(
        findings=findings, upgrades=upgrades, coverage=coverage, sources=_sources(book, snapshot), known=known
    )


def _vendors(book: Ledger, snapshot: Snapshot, progress: Progress) -> None:
    """Tell of each vendor's feed how many packages it was asked about."""
    asked = Counter[str]()
    for ecosystem, count in book.asked.items():
        asked.update({status.feed: count for status in snapshot.answering(ecosystem) if _RANKS.get(status.feed, 0) > 1})
    for feed, count in sorted(asked.items()):
        progress(f"{feed}.query.done", f"asked={count:,}", asked=count)


def _flaws(packages: Sequence[Package], snapshot: Snapshot, book: Ledger, artifact: str) -> list[Flaw]:
    """Every flaw that some installed version has, package by package."""
    out: list[Flaw] = []
    matcher = _Matcher(snapshot, book, artifact)
    askable = _askable(packages, snapshot, book)
    if any(status.unread for status in snapshot.collections.values()):
        book.named.update((ecosystem, asked.name) for _, asked, ecosystem, _ in askable)
    subjects = _subjects(askable, snapshot, book)
    asked = {subject: list(filter(None, map(matcher.ask, questions))) for subject, questions in subjects.items()}
    answered = {subject: answers for subject, answers in asked.items() if answers}
    names = snapshot.names(
        bounds[0] for answers in answered.values() for answer in answers for bounds, _ in answer.verdicts
    )
    for subject, answers in answered.items():
        matches = [match for answer in answers for match in matcher.matches(answer, names)]
        hits = [match for match in matches if match.verdict.affected]
        # sources that call the same flaw mended are heard too
        others = related(hits, (match for match in matches if not match.verdict.affected))
        for found in group([*hits, *others]):
            ruling = rule(found.members)
            if ruling.hits:
                out.append(flaw(subject, found, ruling, _aside(answers)))
            elif ruling.against:
                judge_ = ruling.by.partition(":")[2]
                book.overruled.setdefault((ruling.against[0].ecosystem, judge_), []).append(found.ids[0])
    return out


def _aside(answers: Sequence[_Answer]) -> str:
    """Why the advisories say little about these packages, all of which are headers or none; empty for any other."""
    named = {(each.name, rule.why): None for (*_, rule, some), _ in answers for each in some if rule}
    return "; ".join(f"{name}: {why}" for name, why in [*named][:_NAMED])


def _facts(flaws: Sequence[Flaw], snapshot: Snapshot, progress: Progress) -> tuple[Facts, dict[str, int]]:
    """What is known of all these flaws, asked for at once, and told feed by feed."""
    held = {status.feed for status in snapshot.collections.values()}
    if not held.intersection((NVD, EPSS, KEV)):
        return Facts(snapshot, ()), {}
    with progress.timing("nvd.enrich"):
        facts = Facts(snapshot, (name for each in flaws for name in each.ids))
    known = {feed: facts.count(feed) for feed in (NVD, EPSS, KEV) if feed in held}
    for feed, count in known.items():
        progress(f"{feed}.enrich.done", f"{counted(count, 'flaw')} known of {len(flaws):,}", known=count)
    return facts, known


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Findings are many and hold no cycles; looking for some in them again and again costs a quarter of the time.

    The look that is due when the collector runs again would go through all of them once more, so they are set apart.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.freeze()
            gc.enable()


class _Question(NamedTuple):
    """One name and version in one ecosystem, and the packages that have it."""

    ecosystem: str
    line: str
    name: str
    version: str
    headers: headers.Rule | None
    packages: list[Package]


class _Answer(NamedTuple):
    """What the advisories on one name say of one version, when one of them hits."""

    question: _Question
    verdicts: list[tuple[Bounds, Verdict]]


_Askable: TypeAlias = tuple[Package, Lookup, str, headers.Rule | None]


def _askable(packages: Sequence[Package], snapshot: Snapshot, book: Ledger) -> list[_Askable]:
    """What can be asked about each package, of which ecosystem, and whether it is headers; count what cannot be."""
    held, epochs = snapshot.ecosystems, epochs_of(packages)
    judges = Judges(packages, snapshot)
    out: list[_Askable] = []
    present = any(package.presence is Presence.INSTALLED for package in packages)
    for package in packages:
        asked = _lookups(package, held, epochs)
        if by := judges.of(package):
            whose = package.owner or "the system"
            book.owned.setdefault((asked[0].label, by), []).append(f"{package.name} of {whose}")
            continue
        aside = present and package.presence is Presence.DECLARED
        for each in asked:
            if each.ecosystem is None:
                book.without_source[each.label, each.unknown, aside] += 1
            elif _is_askable(package, each, rule := headers.without_kernel(package), snapshot, book, aside=aside):
                out.append((package, each, each.ecosystem, rule))
                book.asked[each.ecosystem] += each is asked[0]
    return out


def _subjects(askable: Sequence[_Askable], snapshot: Snapshot, book: Ledger) -> dict[Subject, list[_Question]]:
    """The questions that advisories have something to say on, by what a finding would be about.

    They are in the order of the packages; what several have in common is asked once.
    """
    snapshot.expect((where, one.name) for _, one, ecosystem, _ in askable for where in (ecosystem, one.line) if where)
    sorted_: dict[Subject, dict[tuple[str, str, str, str, headers.Rule | None], list[Package]]] = {}
    for package, (_, _, name, version, subject, _, line), ecosystem, only in askable:
        if snapshot.expects(ecosystem, name) or (line and snapshot.expects(line, name)):
            questions = sorted_.setdefault(Subject(package.type, package.namespace, subject), {})
            questions.setdefault((ecosystem, line, name, version, only), []).append(package)
    return {
        subject: _beside_kernel([_Question(*asked, having) for asked, having in questions.items()], book)
        for subject, questions in sorted_.items()
    }


def _beside_kernel(questions: list[_Question], book: Ledger) -> list[_Question]:
    """The same without headers, where what they were built with is there too and is asked about."""
    whole = [question for question in questions if question.headers is None]
    for question in questions:
        if only := question.headers:
            told = book.no_kernel if whole else book.headers
            named = told.setdefault((question.ecosystem, only.reason, only.why), [])
            named += (package.name for package in question.packages)
    return whole or questions


def _lookups(package: Package, held: Collection[str], epochs: Epochs) -> Sequence[Lookup]:
    """What to ask; several names where NVD has a program's product under several."""
    if package.type != "generic" or cpe.ECOSYSTEM not in held:
        return (lookup(package, held, epochs),)
    return [
        Lookup(ecosystem=cpe.ECOSYSTEM, label=cpe.ECOSYSTEM, name=name, version=version, subject=package.name)
        for name, version in programs.questions(package)
    ] or [lookup(package, held, epochs)._replace(unknown="no_product")]


def _is_askable(
    package: Package, asked: Lookup, rule: headers.Rule | None, snapshot: Snapshot, book: Ledger, *, aside: bool
) -> bool:
    ecosystem = asked.ecosystem or ""
    if not snapshot.answering(ecosystem):
        book.without_feed[asked.label] += 1
    elif rule and rule.reason == headers.TOOLS:
        book.no_kernel.setdefault((ecosystem, rule.reason, rule.why), []).append(package.name)
    elif not asked.version:
        book.without_version.setdefault((ecosystem, aside), []).append(asked.name)
    else:
        return True
    return False


class _Matcher:
    """Asks the snapshot, once a name; keeps versions parsed for the length of one scan."""

    def __init__(self, snapshot: Snapshot, book: Ledger, artifact: str) -> None:
        self._snapshot = snapshot
        self._artifact = artifact
        self._book = book
        #: Whose word a collection's is, and how much it counts.
        self._sources = {n: (each.feed, _RANKS.get(each.feed, 0)) for n, each in snapshot.collections.items()}
        self._orders: dict[str, tuple[Keys, Spans]] = {}
        self._last: tuple[str, str, str] | None = None
        self._bounds: list[Bounds] = []

    def ask(self, question: _Question) -> _Answer | None:
        """Every advisory on that name with its verdict on that version; nothing when none of them hits."""
        ecosystem, line, name, version, *_ = question
        # questions of one name come one after the other
        asked = ecosystem, name, line
        if self._last != asked:
            self._last = asked
            self._bounds = rhel.bounds(self._snapshot, *asked)
        keys, spans = self._order(ecosystem)
        key, verdicts, hit, undecided = keys[version], [], False, 0
        for bounds in self._bounds:
            _, _, ranges, state, rest, _ = bounds
            verdict = None
            if key is not None and state is None and (known := spans[ranges]) is not None:
                for start, end, first, last in known:
                    if start <= key < end:
                        verdict = between(first, last)
                        break
                else:
                    if rest is None or not keys.listed(key, version, self._snapshot.rest(bounds)[0]):
                        verdicts.append((bounds, MISS))
                        continue
            if verdict is None:
                verdict = self._judge(version, bounds, keys)
            undecided += verdict.undecided
            if not (verdict.affected and self._elsewhere(question, bounds, verdict)):
                hit = hit or verdict.affected
                verdicts.append((bounds, verdict))
        self._note(question, key, undecided)
        return _Answer(question, verdicts) if hit else None

    def matches(self, answer: _Answer, names: Mapping[int, Names]) -> Iterator[Match]:
        """The same with all that the advisories say, and the packages that have the version."""
        ecosystem, _, _, version, _, packages = answer.question
        keys, _ = self._order(ecosystem)
        asked = Asked(ecosystem, version, installed(packages, artifact=self._artifact), keys)
        for bounds, verdict in answer.verdicts:
            yield Match(asked, bounds, names[bounds[0]], verdict, self._sources[bounds[1]], self._snapshot.row)

    def _judge(self, version: str, bounds: Bounds, keys: Keys) -> Verdict:
        """What one advisory says of a version; a vendor that clears those it names turns the verdict around."""
        _, _, ranges, state, rest, _ = bounds
        flat = unpack_ranges(ranges)
        if not state:
            said = judge(version, flat, (), keys)
            if said.affected or rest is None:
                return said
            return judge(version, flat, self._snapshot.rest(bounds)[0], keys)
        versions, _ = self._snapshot.rest(bounds)
        said = judge(version, flat, versions, keys) if flat or versions else _EVERYTHING
        return _CLEARED if said.affected and state == State.NOT_AFFECTED else said

    def _elsewhere(self, question: _Question, bounds: Bounds, verdict: Verdict) -> bool:
        """Count an advisory that hits by its version alone."""
        other = of_another_stream(
            question.packages[0], question.version, verdict.fixed, lambda: self._snapshot.record(*bounds[:2]).summary
        )
        if other:
            self._book.other_stream[question.ecosystem] += 1
        return other

    def _note(self, question: _Question, key: Key | None, undecided: int) -> None:
        """Count what could not be decided."""
        if key is None:
            self._book.odd_versions.setdefault(question.ecosystem, []).append(f"{question.name} {question.version}")
        elif undecided:
            self._book.undecided[question.ecosystem] += undecided

    def _order(self, ecosystem: str) -> tuple[Keys, Spans]:
        base = ecosystem.partition(":")[0]
        if base not in self._orders:
            keys = Keys(order_of(base))
            self._orders[base] = keys, Spans(keys)
        return self._orders[base]


def _sources(book: Ledger, snapshot: Snapshot) -> tuple[Source, ...]:
    feeds = {feed.name: feed for name in book.asked for feed in snapshot.answering(name)}
    feeds |= {feed.name: feed for feed in snapshot.collections.values() if feed.feed in {EPSS, KEV, NVD}}
    return tuple(
        Source(feed=name, date=feed.date, rows=feed.rows) for name, feed in sorted(feeds.items()) if feed.updated_at
    )
