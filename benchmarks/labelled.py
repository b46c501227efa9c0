"""Precision and recall on labelled cases: what vendors say of a package and a flaw, against what a scan finds.

    python -m benchmarks labelled --advisories DIR [--held] [--page benchmarks/ACCURACY.md]

``DIR`` is an advisory database, a folder of OSV's layout, or one with a folder for each feed (OSV's is ``bucket``).
Each package is scanned by itself, from a bill of materials that holds nothing else. Rows whose advisory the database
does not hold are not answerable and counted apart. ``--held`` adds the totals of the half that is kept for the end; its
rows are never shown. ``tests/labelled/README.md`` says how the cases were written.
"""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from surveyor.scan import engine
from surveyor.scan.advise import sources, update
from surveyor.scan.advise.feeds import FEEDS
from surveyor.scan.advise.origin import Answer
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.errors import NotConfigured
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Finding, Report, Source
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings

HERE = Path(__file__).parent
CASES = HERE.parent / "tests" / "labelled"
#: Feed → where a folder of several feeds has it.
FOLDERS = {"osv": "bucket", "redhat": "redhat", "nvd": "nvd", "debian": "debian", "alpine": "alpine"}
#: Truths under which a finding is right.
POSITIVE = frozenset({"affected", "wont_fix"})
#: Outcomes that need an explanation.
WRONG = frozenset({"missed", "wrong"})
#: How an explanation begins that finds the fault in what the feed gives, and in what we make of it.
DATA, OURS = "Data: ", "Ours: "
#: States under which nothing was asked about a package, unless a rule left it out on purpose.
UNASKED = frozenset({CoverageState.MISSING, CoverageState.NOT_CONFIGURED, CoverageState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: a package's PURL, a name of a flaw, and what the vendor says of the two."""

    ecosystem: str
    package: str
    id: str
    truth: str
    source: str
    note: str

    @property
    def positive(self) -> bool:
        """Whether a finding is right."""
        return self.truth in POSITIVE

    @property
    def base(self) -> str:
        """The ecosystem without its release."""
        return self.ecosystem.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a scan made of a case; ``unanswered`` says why it could not tell, ``told`` what its verdict rests on."""

    case: Case
    found: bool
    unanswered: str = ""
    told: str = ""

    @property
    def kind(self) -> str:
        """``right``, ``missed``, ``wrong``, ``quiet`` (rightly nothing) or ``unanswered``."""
        if self.unanswered:
            return "unanswered"
        if self.case.positive:
            return "right" if self.found else "missed"
        return "wrong" if self.found else "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts of outcomes of one ecosystem or of all."""

    counts: Mapping[str, int]

    def __getitem__(self, kind: str) -> int:
        return self.counts.get(kind, 0)

    @property
    def cases(self) -> int:
        """All rows, answerable or not."""
        return sum(self.counts.values())

    @property
    def precision(self) -> float | None:
        """Right findings among all findings; ``None`` when there are none."""
        return _share(self["right"], self["wrong"])

    @property
    def recall(self) -> float | None:
        """Findings among all flaws that are there; ``None`` when there are none."""
        return _share(self["right"], self["missed"])


def _share(right: int, not_right: int) -> float | None:
    return right / (right + not_right) if right + not_right else None


def read(path: Path) -> tuple[Case, ...]:
    """Every row of a file of cases."""
    lines = (line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
    return tuple(Case(**row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def explanations(path: Path) -> dict[tuple[str, str], str]:
    """Why matches are wrong, by package and name of the flaw."""
    return {(one["package"], one["id"]): one["why"] for one in tomllib.loads(path.read_text("utf-8"))["wrong"]}


def database(advisories: Path, cache: Path) -> Path:
    """The database to ask: the file itself, or one made of a folder and kept."""
    if not (advisories / FOLDERS["osv"]).is_dir():
        return update.resolve(str(advisories), cache, _no_network, Progress())
    wanted = [
        sources.want(feed, advisories / folder, fetch=_no_network)
        for feed in FEEDS
        if (folder := FOLDERS.get(feed.id)) and (advisories / folder).is_dir()
    ]
    path = cache / "feeds.db"
    update.update(wanted, path, progress=Progress())
    return path


def _no_network(url: str, **_: object) -> Answer:
    raise NotConfigured(f"{url}: cases are measured on what is at hand")


class Judge:
    """Scans packages one by one with one database."""

    def __init__(self, database: Path, folder: Path) -> None:
        self._settings = Settings(advisories=database)
        self._file = folder / "bom.cdx.json"
        self._names = _names(database)
        self._reports: dict[str, Report] = {}
        self.sources: set[Source] = set()

    def __call__(self, case: Case) -> Outcome:
        """Whether a scan of this package alone finds this flaw in it."""
        report = self._report(case.package)
        finding = next((one for one in report.findings if case.id in (one.rule, *one.ids)), None)
        # of headers the report says itself that they are hardly affected
        if finding is not None and not finding.aside:
            return Outcome(case=case, found=True, told=_evidence(finding))
        if finding is not None:
            return Outcome(case=case, found=False, told=_evidence(finding))
        unanswered, known = self._unanswered(case, report.coverage)
        return Outcome(case=case, found=False, unanswered=unanswered, told=known or _coverage(report.coverage))

    def _report(self, package: str) -> Report:
        if package not in self._reports:
            component = {"type": "library", "name": "x", "purl": package}
            self._file.write_text(
                json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}), "utf-8"
            )
            report = engine.run(plan(str(self._file)), self._settings, Progress())
            assert len(report.packages) == 1, f"{package}: {len(report.packages)} packages"
            self._reports[package] = report
            self.sources.update(report.sources)
        return self._reports[package]

    def _unanswered(self, case: Case, coverage: Sequence[Coverage]) -> tuple[str, str]:
        """Why nobody could tell, and what the database holds of this flaw there.

        That a flaw is nowhere is an answer where there is none; where there is one, the database must know it.
        """
        asked = [entry for entry in coverage if entry.what.startswith("advisories.")]
        for entry in asked:
            if entry.state in UNASKED:
                return entry.detail or entry.reason or entry.state, ""
        if case.truth in {"not_affected", "not_ours"}:
            return "", ""
        names = {entry.what.removeprefix("advisories.") for entry in asked}
        known = [text for name in names for text in self._names.get((name, case.id), ())]
        if not known:
            return f"no advisory of {case.base} in the database has this name", ""
        return "", "; ".join(known)


def _names(path: Path) -> dict[tuple[str, str], list[str]]:
    """Ecosystem and name of a flaw → package and ranges, of every advisory in a database."""
    listed = "SELECT DISTINCT e.name, a.name FROM affected a JOIN ecosystem e ON e.n = a.ecosystem"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        packages = db.execute(listed).fetchall()
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    with open_snapshot(path) as snapshot:
        for ecosystem, package in packages:
            for row in snapshot.affected(ecosystem, package):
                ranges = " ".join(" ".join(events) for events in row.ranges)
                for name in (*row.ids, *row.errata):
                    found[ecosystem, name].append(f"{row.ids[0]} on {package}: {ranges or 'listed versions'}")
    return found


def _evidence(finding: Finding) -> str:
    return "; ".join(f"{one.kind} {one.value}" for one in finding.evidence if one.kind != "package_record")


def _coverage(entries: Iterable[Coverage]) -> str:
    asked = (entry for entry in entries if entry.what.startswith("advisories.") and entry.detail)
    return "; ".join(f"{entry.what}: {entry.detail}" for entry in asked)


def measure(cases: Iterable[Case], database: Path) -> tuple[tuple[Outcome, ...], tuple[Source, ...]]:
    """The outcome of every case, and the feeds that they rest on."""
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(database, Path(folder))
        return tuple(judge(case) for case in cases), tuple(sorted(judge.sources, key=lambda one: one.feed))


def scores(outcomes: Iterable[Outcome]) -> dict[str, Score]:
    """The score of each ecosystem, and of ``all`` at the end."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        counts[outcome.case.base][outcome.kind] += 1
    total = sum(counts.values(), Counter[str]())
    return {name: Score(counts=counts[name]) for name in sorted(counts, key=str.lower)} | {"all": Score(counts=total)}


def table(scored: Mapping[str, Score]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield "| ecosystem | rows | not answerable | right | missed | wrong | rightly nothing | precision | recall |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for name, score in scored.items():
        kinds = " | ".join(str(score[kind]) for kind in ("unanswered", "right", "missed", "wrong", "quiet"))
        label = f"**{name}**" if name == "all" else name
        yield f"| {label} | {score.cases} | {kinds} | {_percent(score.precision)} | {_percent(score.recall)} |"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def page(tuning: Sequence[Outcome], held: Sequence[Outcome] | None, sources: Sequence[Source], day: date) -> str:
    """What is published: the head is kept by hand in ``labelled.head.md``."""
    lines = [(HERE / "labelled.head.md").read_text("utf-8").rstrip(), ""]
    lines += [f"Measured on {day:%Y-%m-%d} with these feeds:", ""]
    lines += [
        f"- {one.feed}: {one.rows:,} records{f', newest {one.date:%Y-%m-%d}' if one.date else ''}" for one in sources
    ]
    lines += ["", f"## Tuning half (n = {len(tuning)})", "", *table(scores(tuning))]
    lines += ["", *_held(held), "", *_wrong(tuning)]
    return "\n".join([*lines, "", *_unanswerable(tuning)]) + "\n"


def _held(held: Sequence[Outcome] | None) -> Iterator[str]:
    yield f"## Held half{f' (n = {len(held)})' if held is not None else ''}"
    yield ""
    if held is None:
        yield "Not measured this time."
    else:
        yield from table(scores(held))


def _wrong(outcomes: Iterable[Outcome]) -> Iterator[str]:
    why = explanations(HERE / "labelled.toml")
    wrong = [(one, why.get((one.case.package, one.case.id), "UNEXPLAINED")) for one in outcomes if one.kind in WRONG]
    ours = sum(not reason.startswith(DATA) for _, reason in wrong)
    yield f"## Wrong in the tuning half: {len(wrong)}, of which {len(wrong) - ours} are so in the feed's data"
    yield ""
    yield "| | package | flaw | the vendor | our verdict rests on | why |"
    yield "|---|---|---|---|---|---|"
    for outcome, reason in wrong:
        case = outcome.case
        said = f"[{case.truth}]({case.source}): {case.note}" if "://" in case.source else f"{case.truth}: {case.note}"
        yield f"| {outcome.kind} | `{case.package}` | {case.id} | {said} | {outcome.told} | {reason} |"


def _unanswerable(outcomes: Iterable[Outcome]) -> Iterator[str]:
    yield "## Not answerable in the tuning half"
    yield ""
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.unanswered:
            reasons[outcome.unanswered].append(f"{outcome.case.id} `{outcome.case.package}`")
    for reason, rows in sorted(reasons.items()):
        yield f"- {reason}:"
        yield from (f"  - {row}" for row in rows)


def main() -> int:
    """Measure, print the tables, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--advisories", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/labelled"))
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    asked = database(given.advisories, given.cache)
    tuning, sources = measure(read(CASES / "tuning.tsv"), asked)
    held = measure(read(CASES / "held.tsv"), asked)[0] if given.held else None
    text = page(tuning, held, sources, datetime.now(UTC).date())
    if given.page:
        given.page.write_text(text, "utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
