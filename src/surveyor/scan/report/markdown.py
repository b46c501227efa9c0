"""Markdown (GitHub's and GitLab's flavour) for a comment on a pull request: the worst first, in bounded length.

What a target words stands in code, where nothing is a link, a picture, a mention or markup; what is left out is
counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from surveyor.scan import phrases, vocabulary
from surveyor.scan.model import INCOMPLETE, Coverage, Finding, Report, ScanStatus, Severity
from surveyor.scan.patterns import regex
from surveyor.scan.report import interface as shared

#: Characters that GitHub takes of a comment.
_COMMENT = 65_536
#: Rows of each table, and of how many of them a part is left where what a target words makes them too long: of a cell
#: below, bars and ticks alone are written several times as long.
_FINDINGS, _GAPS, _UPGRADES, _LOADS = 40, 20, 10, 24
_PARTS = (1, 2, 4, 8)
_TITLE, _CELL = 160, 200
_MARKS = {
    Severity.CRITICAL: "🔴 critical",
    Severity.HIGH: "🟠 high",
    Severity.MEDIUM: "🟡 medium",
    Severity.LOW: "🔵 low",
    Severity.UNKNOWN: "⚪ unknown",
}
#: Words that mean nothing to Markdown, and nothing to who makes links of what looks like one.
_PLAIN = regex(r"(?!.*www\.)[A-Za-z0-9 ,.'()/+-]*", re.IGNORECASE)


def encode(report: Report) -> bytes:
    """One comment, with so many rows that it is none too long."""
    told = (_comment(report, part) for part in _PARTS)
    return next(text for text in told if len(text) <= _COMMENT).encode()


def _comment(report: Report, part: int) -> str:
    open_ = shared.undecided(report)
    parts = [
        f"## Surveyor: {_code(shared.name_of(report.target), _CELL)}",
        _summary(report, open_),
        *_warning(report),
        *_findings(open_, _FINDINGS // part),
        *_upgrades(report, _UPGRADES // part),
        *_loads(report, _LOADS // part),
        *_coverage(shared.gaps(report), _GAPS // part),
        _foot(report),
    ]
    return "\n\n".join(text for text in parts if text) + "\n"


def _summary(report: Report, open_: list[Finding]) -> str:
    counts = [sum(finding.severity is severity for finding in open_) for severity in Severity]
    told = ", ".join(f"{count:,} {severity}" for count, severity in zip(counts, Severity, strict=True))
    where = f" in {vocabulary.counted(len(report.packages), 'package')}" if shared.is_artifact(report) else ""
    words = f"**{vocabulary.counted(len(open_), 'finding')}**{where}: {told}."
    settled = shared.settled(report)
    return f"{words} Besides {settled}." if settled else words


def _warning(report: Report) -> Iterator[str]:
    if report.scan_status in shared.UNSCANNED:
        yield f"> ❌ **Could not scan:** {_words(report.error or 'no reason given', 500)}"
    elif report.scan_status is ScanStatus.PARTIAL:
        missing = sum(entry.state in INCOMPLETE for entry in report.coverage)
        yield (
            f"> ⚠️ **Not everything was looked at** ({vocabulary.counted(missing, 'gap')}, below): fewer findings do not"
            " mean fewer problems there."
        )


def _findings(findings: list[Finding], most: int) -> Iterator[str]:
    if not findings:
        return
    rows = ((_MARKS[one.severity], _words(one.title, _TITLE), _where(one), _fix(one)) for one in findings[:most])
    yield _table(("Severity", "Finding", "Where", "Fix"), rows)
    yield _more(len(findings) - most)


def _where(finding: Finding) -> str:
    if not finding.assets:
        return ""
    first, more = finding.assets[0], len(finding.assets) - 1
    return _code(first.path or first.value, _CELL) + (f" and {more:,} more" if more else "")


def _fix(finding: Finding) -> str:
    exploited = "**Known to be exploited.** " if finding.kev else ""
    likely = f" (EPSS {phrases.likelihood(finding.epss)})" if finding.epss is not None else ""
    return exploited + _words(shared.remedy(finding), _CELL) + likely


def _upgrades(report: Report, most: int) -> Iterator[str]:
    gains = shared.gains(report)
    if not gains:
        return
    told = (
        f"- {_code(one.package, _CELL)} from {_code(one.present, 80)} to {_code(one.upgrade.version, 80)} ends"
        f" {one.ends:,} of {vocabulary.counted(one.total, 'finding')}"
        for one in gains[:most]
    )
    yield "**Upgrades that end most**\n\n" + "\n".join(told)
    yield _more(len(gains) - most)


def _loads(report: Report, most: int) -> Iterator[str]:
    loads = shared.loads(report)
    if not loads:
        return
    pages = len(report.measurements) > 1
    rows = (
        (
            _words(one.metric, 80),
            one.value,
            one.range,
            f"{_words(one.seen_by, _CELL)} {_code(one.page, 80) if pages else ''}".strip(),
        )
        for one in loads[:most]
    )
    yield "**How it loads**"
    yield _table(("Metric", "Value", "Range", "Seen by"), rows)
    yield _more(len(loads) - most)


def _coverage(gaps: list[Coverage], most: int) -> Iterator[str]:
    if not gaps:
        return
    worst = sorted(gaps, key=lambda entry: entry.state not in INCOMPLETE)
    rows = (
        (
            vocabulary.state(one.state),
            _words(vocabulary.subject(one.what), 100),
            _code(" ".join(part for part in (one.path, one.layer and one.layer[:19], one.asset) if part), _CELL),
            _words(one.detail or vocabulary.spoken(one.reason or ""), _CELL),
        )
        for one in worst[:most]
    )
    yield f"<details><summary>Not looked at, or not in full: {len(gaps):,}</summary>"
    yield _table(("State", "What", "Where", "Why"), rows)
    yield _more(len(gaps) - most)
    yield "</details>"


def _foot(report: Report) -> str:
    feeds = [
        f"{_words(one.name, 80)} {one.day} ({', '.join(part for part in (one.mark, one.age, one.rows) if part)})"
        for one in shared.feeds(report)[:8]
    ]
    if len(report.sources) > len(feeds):
        feeds.append(f"{len(report.sources) - len(feeds)} more")
    advisories = f" Advisories: {', '.join(feeds)}." if feeds else ""
    version = shared.line(str(report.scanner.get("version", "")), 40)
    return f"<sub>Surveyor {_words(version, 40)}, {shared.moment(report.finished_at)}.{advisories}</sub>"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _more(count: int) -> str:
    return f"…and {count:,} more." if count > 0 else ""


def _words(text: str, limit: int) -> str:
    """A text as it is where that can mean nothing else, otherwise as code."""
    told = shared.line(text, limit)
    return told if _PLAIN.fullmatch(told) else _code(told, limit)


def _code(text: str, limit: int) -> str:
    """A code span (CommonMark 6.1), which nothing in it ends; a bar would end the cell, so it stands between two."""
    return "\\|".join(_span(part) for part in shared.line(text, limit).split("|"))


def _span(text: str) -> str:
    if not text.strip():
        return text
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    # a space is taken from both sides of a span that has one at both
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"
