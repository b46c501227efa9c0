"""Packages and a snapshot in, findings out: pure, so that a stored inventory can be matched again on new advisories.

Matching is asked for every package that was found. One that cannot be asked about was not looked at, whoever is to
blame: the database (no such feed in it), the world (no feed covers the ecosystem), or the target (no release, no
version). Each makes the scan incomplete. Only what a rule keeps out because there is nothing to ask does not, nor what
is merely declared, without a version or a source, beside packages that are installed.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from surveyor.scan.advise import headers, rhel
from surveyor.scan.advise.aliases import group, related
from surveyor.scan.advise.ecosystems import Lookup, epochs_of, lookup
from surveyor.scan.advise.finding import Match, Subject, build, installed
from surveyor.scan.advise.modules import of_another_stream
from surveyor.scan.advise.packing import Row
from surveyor.scan.advise.ranges import Keys, Verdict, judge
from surveyor.scan.advise.snapshot import Snapshot
from surveyor.scan.advise.versions import order_of
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Finding, Package, Presence, Source
from surveyor.scan.vocabulary import counted

_NAMED = 5
#: Why no ecosystem could be asked.
_UNASKED = {
    "no_source": "no advisory source covers {}",
    "by_name": "no feed that knows products by name, such as NVD, is set up for {} packages",
    "no_release": "nothing says which release of which distribution {} packages are from",
}

#: What is missed for want of a setting; all else is missing.
_UNASKED_STATES = {"by_name": CoverageState.NOT_CONFIGURED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What the advisories say about an inventory, what could not be asked, and the feeds that the verdicts rest on."""

    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    sources: tuple[Source, ...]


@dataclass(slots=True)
class _Ledger:
    """What was asked and what not, by ecosystem."""

    asked: Counter[str] = field(default_factory=Counter)
    without_feed: Counter[str] = field(default_factory=Counter)
    without_source: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    without_version: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    no_kernel: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    other_stream: Counter[str] = field(default_factory=Counter)
    odd_versions: dict[str, list[str]] = field(default_factory=dict)
    undecided: Counter[str] = field(default_factory=Counter)


def advise(packages: Sequence[Package], snapshot: Snapshot, *, artifact: str, progress: Progress) -> Advice:
    """Match an inventory. ``artifact`` is the target's digest or source, which every asset of a finding names."""
    progress("osv.query.start", counted(len(packages), "package"), packages=len(packages))
    ledger = _Ledger()
    findings: list[Finding] = []
    with progress.timing("osv"), _collector_paused():
        subjects = _subjects(packages, snapshot, ledger)
        matcher = _Matcher(snapshot, ledger, artifact)
        for subject, questions in subjects.items():
            matches = [match for question in questions for match in matcher.ask(question)]
            hits = [match for match in matches if match.verdict.affected]
            if not hits:
                continue
            # sources that call the same flaw mended are heard too
            others = related(hits, (match for match in matches if not match.verdict.affected))
            made = (build(subject, flaw, snapshot.record) for flaw in group([*hits, *others]))
            findings += (finding for finding in made if finding is not None)
    coverage = _coverage(ledger, snapshot)
    for entry in coverage:
        if entry.state in {CoverageState.MISSING, CoverageState.PARTIAL}:
            progress("osv.err", f"{entry.what}: {entry.detail}", reason=entry.reason, count=entry.count)
    asked = sum(ledger.asked.values())
    progress("osv.query.done", f"asked={asked:,} findings={len(findings):,}", asked=asked, findings=len(findings))
    return Advice(findings=tuple(findings), coverage=coverage, sources=_sources(ledger, snapshot))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Findings are many and hold no cycles; looking for some in them again and again costs a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Question:
    """One name and version in one ecosystem, and the packages that have it."""

    ecosystem: str
    name: str
    version: str
    packages: list[Package]


def _subjects(packages: Sequence[Package], snapshot: Snapshot, ledger: _Ledger) -> dict[Subject, list[_Question]]:
    """Sort packages by what a finding would be about; count those that cannot be asked about."""
    held, epochs = snapshot.ecosystems, epochs_of(packages)
    questions: dict[tuple[str | None, ...], _Question] = {}
    subjects: dict[tuple[str | None, ...], tuple[Subject, list[_Question]]] = {}
    present = any(package.presence is Presence.INSTALLED for package in packages)
    for package in packages:
        asked = lookup(package, held, epochs)
        aside = present and package.presence is Presence.DECLARED
        if asked.ecosystem is None:
            ledger.without_source[asked.label, asked.unknown, aside] += 1
            continue
        if not _askable(package, asked, snapshot, ledger, aside=aside):
            continue
        ledger.asked[asked.ecosystem] += 1
        name = (package.type, package.namespace, asked.subject)
        key = (*name, asked.ecosystem, asked.name, asked.version)
        if (question := questions.get(key)) is None:
            question = questions[key] = _Question(asked.ecosystem, asked.name, asked.version, [])
            if name not in subjects:
                subjects[name] = (Subject(type=package.type, namespace=package.namespace, name=asked.subject), [])
            subjects[name][1].append(question)
        question.packages.append(package)
    return dict(subjects.values())


def _askable(package: Package, asked: Lookup, snapshot: Snapshot, ledger: _Ledger, *, aside: bool) -> bool:
    ecosystem = asked.ecosystem or ""
    if not snapshot.answering(ecosystem):
        ledger.without_feed[asked.label] += 1
    elif rule := headers.without_kernel(package):
        ledger.no_kernel.setdefault((ecosystem, rule.reason, rule.why), []).append(package.name)
    elif not asked.version:
        ledger.without_version.setdefault((ecosystem, aside), []).append(asked.name)
    else:
        return True
    return False


class _Matcher:
    """Asks the snapshot, once a name; keeps versions parsed for the length of one scan."""

    def __init__(self, snapshot: Snapshot, ledger: _Ledger, artifact: str) -> None:
        self._snapshot = snapshot
        self._artifact = artifact
        self._ledger = ledger
        self._keys: dict[str, Keys] = {}
        self._last: tuple[str, str, str] | None = None
        self._rows: list[Row] = []

    def ask(self, question: _Question) -> list[Match]:
        """Every advisory on that name with its verdict on that version; nothing when none of them hits."""
        # questions of one name come one after the other
        asked = (question.ecosystem, question.name, rhel.line_of(question.ecosystem, question.version))
        if self._last != asked:
            self._last = asked
            self._rows = rhel.rows(self._snapshot.affected, *asked)
        if not self._rows:
            return []
        keys = self._order(question.ecosystem)
        verdicts = [(row, judge(question.version, row.ranges, row.versions, keys)) for row in self._rows]
        self._note(question, keys, verdicts)
        verdicts = [(row, verdict) for row, verdict in verdicts if not self._elsewhere(question, row, verdict)]
        if not any(verdict.affected for _, verdict in verdicts):
            return []
        places = installed(question.packages, artifact=self._artifact)
        return [
            Match(row, verdict, question.version, self._where(row, question), places, keys) for row, verdict in verdicts
        ]

    def _where(self, row: Row, question: _Question) -> str:
        """Whose word it is."""
        return f"{self._snapshot.collections[row.collection].feed}:{question.ecosystem}"

    def _elsewhere(self, question: _Question, row: Row, verdict: Verdict) -> bool:
        """Count an advisory that hits by its version alone."""
        other = verdict.affected and of_another_stream(
            question.packages[0], question.version, verdict.fixed, lambda: self._snapshot.record(row).summary
        )
        self._ledger.other_stream[question.ecosystem] += other
        return other

    def _note(self, question: _Question, keys: Keys, verdicts: Sequence[tuple[Row, Verdict]]) -> None:
        """Count what could not be decided."""
        if keys[question.version] is None:
            self._ledger.odd_versions.setdefault(question.ecosystem, []).append(f"{question.name} {question.version}")
        elif undecided := sum(verdict.undecided for _, verdict in verdicts):
            self._ledger.undecided[question.ecosystem] += undecided

    def _order(self, ecosystem: str) -> Keys:
        base = ecosystem.partition(":")[0]
        if base not in self._keys:
            self._keys[base] = Keys(order_of(base))
        return self._keys[base]


def _coverage(ledger: _Ledger, snapshot: Snapshot) -> tuple[Coverage, ...]:
    out = [_looked(name, count, snapshot) for name, count in sorted(ledger.asked.items())]
    for name, count in sorted(ledger.without_feed.items()):
        detail = f"{name} has no advisories in this database; {counted(count, 'package')} could not be matched"
        out.append(_entry(name, CoverageState.MISSING, "no_advisories", detail, count))
    for (name, reason, aside), count in sorted(ledger.without_source.items()):
        detail = f"{_UNASKED[reason].format(name)}; {_unmatched(count, aside=aside)}"
        state = CoverageState.SKIPPED if aside else _UNASKED_STATES.get(reason, CoverageState.MISSING)
        out.append(_entry(name, state, reason, detail, count))
    for (name, aside), loose in sorted(ledger.without_version.items()):
        detail = f"no version is known; {_unmatched(len(loose), aside=aside)}: {_listed(loose)}"
        state = CoverageState.SKIPPED if aside else CoverageState.PARTIAL
        out.append(_entry(name, state, "no_version", detail, len(loose)))
    for (name, reason, why), binaries in sorted(ledger.no_kernel.items()):
        detail = f"not matched as the kernel, {why}: {_listed(binaries)}"
        out.append(_entry(name, CoverageState.SKIPPED, reason, detail, len(binaries)))
    for name, count in sorted((+ledger.other_stream).items()):
        detail = f"{counted(count, 'hit')} left out: those advisories are about another module stream"
        out.append(_entry(name, CoverageState.SKIPPED, "other_stream", detail, count))
    for name, odd in sorted(ledger.odd_versions.items()):
        detail = f"versions that cannot be ordered were compared with listed ones only: {_listed(odd)}"
        out.append(_entry(name, CoverageState.PARTIAL, "odd_version", detail, len(odd)))
    for name, count in sorted(ledger.undecided.items()):
        detail = f"{counted(count, 'range')} of advisories left out: there is no order for them"
        out.append(_entry(name, CoverageState.PARTIAL, "odd_range", detail, count))
    return tuple(out)


def _unmatched(count: int, *, aside: bool) -> str:
    if aside:
        return f"{counted(count, 'package')}, declared and not installed here, could not be matched"
    return f"{counted(count, 'package')} could not be matched"


def _looked(name: str, count: int, snapshot: Snapshot) -> Coverage:
    newest = max((feed.date for feed in snapshot.answering(name) if feed.date), default=None)
    date = f" of {newest:%Y-%m-%d}" if newest else ""
    return _entry(
        name, CoverageState.LOOKED, None, f"{counted(count, 'package')} matched against advisories{date}", count
    )


def _entry(ecosystem: str, state: CoverageState, reason: str | None, detail: str, count: int) -> Coverage:
    return Coverage(what=f"advisories.{ecosystem}", state=state, reason=reason, detail=detail, count=count)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:80] for name in sorted(set(names))[:_NAMED])
    return f"{shown} and {len(set(names)) - _NAMED} more" if len(set(names)) > _NAMED else shown


def _sources(ledger: _Ledger, snapshot: Snapshot) -> tuple[Source, ...]:
    feeds = {feed.name: feed for name in ledger.asked for feed in snapshot.answering(name)}
    return tuple(Source(feed=name, date=feed.date, rows=feed.rows) for name, feed in sorted(feeds.items()))
