"""The terminal format: what was found, worst first, beside what was not looked at."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from surveyor.scan import phrases, vocabulary
from surveyor.scan.events import printable
from surveyor.scan.figures import NOT_LOOKED, Score
from surveyor.scan.judgement import Decided
from surveyor.scan.model import Coverage, Domain, Finding, Kind, Package, Report, ScanStatus, Severity
from surveyor.scan.report import interface as shared

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
    Severity.UNKNOWN: "dim",
}
_DOMAINS = {Domain.SEO: "SEO"}
#: Characters of what speaks for a finding; types of packages counted one by one.
_WHY, _TYPES = 160, 8
_NAMED = 2  # of those that missed something for one reason
#: Fixed versions in a cell, and upgrades below the findings.
_FIXES, _UPGRADES = 3, 5
#: Rows of a table: terminals keep about as many lines, and every row costs a third of a millisecond to lay out.
_ROWS = 1_000


def encode(report: Report, *, width: int = 120, colour: bool = False) -> bytes:
    """The report as aligned text, ``width`` columns wide."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, legacy_windows=False
    )
    for part in _parts(report):
        console.print(part)
    return out.getvalue().encode("utf-8", "replace")


def _parts(report: Report) -> Iterable[RenderableType]:
    target = report.target
    yield Text.assemble((printable(target.name or target.source), "bold"), f"  {printable(target.type)}")
    if open_ := shared.undecided(report):
        yield _findings(open_[:_ROWS])
        yield from _more(len(open_) - _ROWS, "of the least severe")
    yield from (Text(f"{printable(told)}; --format json has all", style="dim") for told in shared.aside(report))
    if gains := shared.gains(report):
        yield Text("\nUpgrades that end most", style="bold")
        yield _upgrades(gains)
    if report.decisions:
        yield Text("\nDecided", style="bold")
        yield from map(_decided, report.decisions)
    if report.scores:
        yield _scores(report.scores)
    if loads := shared.loads(report):
        yield Text("\nHow it loads", style="bold")
        yield _loads(loads)
    if unlooked := shared.gaps(report):
        yield Text("\nNot looked at, or not in full", style="bold")
        yield from _coverage(unlooked)
    if report.sources:
        yield _sources(shared.feeds(report))
    yield _summary(report)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _findings(findings: Iterable[Finding]) -> Table:
    # two rules of different domains may say nearly the same about one thing: the domain tells them apart
    table = _table("Severity", "Domain", "Finding", "Where", "Evidence or fix")
    for finding in findings:
        table.add_row(
            Text(finding.severity.value, style=_STYLES[finding.severity]),
            Text(_DOMAINS.get(finding.domain, finding.domain.value)),
            Text(printable(finding.title)),
            Text(_where(finding)),
            _risk(finding) if finding.domain is Domain.VULNERABILITY else Text(_why(finding), style="dim"),
        )
    return table


def _decided(book: Decided) -> Text:
    """What one file of decisions did, and how many of its statements did nothing, by reason."""
    if not book.statements:
        why = "; ".join(printable(one.detail) for one in book.unapplied) or "it states nothing"
        return Text(f"nothing read of {printable(book.source)}: {why}", style="yellow")
    told = f"{book.suppressed:,} ignored by {printable(book.source)}"
    if left := book.findings - book.suppressed:
        told += f", {left:,} spoken of and not ignored"
    told += f"; {book.applied:,} of {vocabulary.counted(book.statements, 'statement')} applied"
    reasons: Counter[str] = Counter()
    for one in book.unapplied:
        reasons[one.reason] += one.count
    if reasons:
        told += ": " + ", ".join(f"{count:,} {vocabulary.spoken(reason)}" for reason, count in reasons.items())
    return Text(told)


def _where(finding: Finding) -> str:
    if not finding.assets:
        return ""
    first = finding.assets[0]
    more = len(finding.assets) - 1
    place = printable(first.path or first.value)
    return f"{place} and {more} more" if more else place


def _risk(finding: Finding) -> Text:
    """Whether attackers use it, what mends it or why nothing does, and how likely it is to be used."""
    told = Text(style="dim")
    listed, *likely = [*shared.chances(finding)] if finding.kev else ["", *shared.chances(finding)]
    if listed:
        told.append(f"{listed}; ", style="bold red not dim")
    told.append("; ".join([printable(_mended(finding)), *likely]))
    return told


def _mended(finding: Finding) -> str:
    more = len(finding.fixed_in) - _FIXES
    fixes = ", ".join(finding.fixed_in[:_FIXES]) + (f" and {more} more" if more > 0 else "")
    return f"fixed in {fixes}" if fixes else phrases.unfixed(finding.fix_state)


def _upgrades(gains: list[shared.Gain]) -> Text:
    """A line each, folded where the terminal ends."""
    told = [
        f"{gain.package} {gain.present} -> {printable(gain.upgrade.version)} ends {gain.ends:,} of {gain.total:,}"
        for gain in gains[:_UPGRADES]
    ]
    more = len(gains) - _UPGRADES
    return Text("\n".join([*told, f"and {more:,} more"] if more > 0 else told))


def _why(finding: Finding) -> str:
    if not finding.evidence:
        return ""
    first = finding.evidence[0]
    if first.kind != "program":
        return printable(first.value)[:_WHY]
    # the path stands beside it already
    path = f"{finding.assets[0].path}: " if finding.assets else ""
    facts = [fact for fact in finding.evidence if fact.kind == "program" and (fact.where or "").startswith(path)]
    return printable("; ".join(f"{(fact.where or '').removeprefix(path)}: {fact.value}" for fact in facts))[:_WHY]


def _scores(scores: Iterable[Score]) -> Table:
    table = _table("Score", "", "Profile", "What counted")
    for score in scores:
        counted = [f"{test.title} {test.modifier:+g}" for test in score.tests if test.modifier]
        counted += [f"{test.title} not looked at" for test in score.tests if test.outcome == NOT_LOOKED]
        told = score.detail or ""
        table.add_row(
            Text(score.grade or "–", style="bold"),
            Text(_points(score)),
            Text(printable(score.profile)),
            Text(printable("; ".join([*([told] if told else []), *counted])), style="dim"),
        )
    return table


def _loads(loads: Iterable[shared.Load]) -> Table:
    table = _table("Metric", "Value", "Range", "Seen by")
    for one in loads:
        table.add_row(Text(printable(one.metric)), Text(one.value), Text(one.range), Text(printable(one.seen_by)))
    return table


def _points(score: Score) -> str:
    if score.score is not None:
        ranged = score.lowest is not None and score.highest is not None and score.lowest < score.highest
        return f"{score.score} ({score.lowest} to {score.highest})" if ranged else str(score.score)
    return "" if score.lowest is None else f"{score.lowest} to {score.highest}"


def _coverage(entries: Iterable[Coverage]) -> Iterator[RenderableType]:
    table = _table("State", "What", "Where", "Why")
    # a damaged program is missed by all who read programs, for one reason
    rows: dict[tuple[str, str, str], list[str]] = {}
    for entry in entries:
        where = printable(
            " ".join(part for part in (entry.path, entry.layer and entry.layer[:19], entry.asset) if part)
        )
        reason = entry.detail or vocabulary.spoken(entry.reason or "")
        why = printable(reason) + _count(entry.count or 0, reason)
        missed = rows.setdefault((vocabulary.state(entry.state), where, why), [])
        missed.append(printable(vocabulary.subject(entry.what)))
    for (state, where, why), missed in islice(rows.items(), _ROWS):
        table.add_row(Text(state, style="yellow"), Text(_several(missed)), Text(where), Text(why))
    yield table
    yield from _more(len(rows) - _ROWS)


def _more(count: int, which: str = "") -> Iterator[Text]:
    if count > 0:
        yield Text(" ".join(filter(None, (f"and {count:,} more", which))) + "; --format json has all", style="dim")


def _several(names: list[str]) -> str:
    """The first two, and how many more."""
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _NAMED
    return ", ".join(distinct[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _count(count: int, reason: str) -> str:
    """How many, where that is more than one and the reason does not say so."""
    told = f"{count:,}"
    return "" if count < 2 or told in re.findall(r"[\d,]*\d", reason) else f" ({told})"


def _sources(feeds: Iterable[shared.Feed]) -> Text:
    told = (
        f"{one.name} {one.day} ({', '.join(part for part in (one.mark, one.age, one.rows) if part)})" for one in feeds
    )
    return Text(f"\nAdvisories: {', '.join(told)}", style="dim")


def _summary(report: Report) -> Text:
    if report.scan_status in shared.UNSCANNED:
        return Text(f"\nCould not scan: {printable(report.error or 'no reason given')}", style="bold red")
    counts = ", ".join(f"{count} {name}" for name, count in report.summary.findings.items())
    incomplete = "; incomplete, see above" if report.scan_status is ScanStatus.PARTIAL else ""
    found = vocabulary.counted(sum(report.summary.findings.values()), "finding")
    open_, aside = len(shared.undecided(report)), sum(finding.aside for finding in report.findings)
    if ignored := len(report.findings) - open_ - aside:
        incomplete = f"; {ignored:,} of them ignored{incomplete}"
    if aside:
        incomplete = f"; {aside:,} of them about headers of a kernel{incomplete}"
    return Text(f"\n{_inventory(report)}{found}: {counts}{incomplete}", style="bold")


def _inventory(report: Report) -> str:
    if report.target.kind is Kind.WEB:
        return ""
    if report.summary.packages:
        return f"{vocabulary.counted(report.summary.packages, 'package')}{_types(report.packages)}; "
    trees = [entry.count for entry in report.coverage if entry.what == "acquire.image"]
    return "No packages were found; " if any(trees) or not trees else "It is empty: there is nothing in it; "


def _types(packages: Iterable[Package]) -> str:
    """How many there are of each type, the commonest first."""
    counts = Counter(package.type for package in packages).most_common()
    told = [f"{count:,} {name}" for name, count in counts[:_TYPES]]
    if len(counts) > _TYPES:
        told.append(f"{sum(count for _, count in counts[_TYPES:]):,} of other types")
    return f" ({', '.join(told)})" if told else ""
