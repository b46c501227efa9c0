"""The part of a report that people read, for the two formats made for reading: words chosen, texts bounded.

Nothing is left out in silence: a text that was cut ends in an ellipsis, a list that was cut says how many it lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from surveyor.service.documents.model import DOMAINS, OPEN, SEVERITIES, Entry, Finding, ProjectReport, Target

TITLE, TEXT, QUOTE, LINE = 300, 700, 360, 200
QUOTES, PLACES, STEPS, LINKS, IDS = 3, 4, 8, 3, 6
#: So many findings, the most urgent, are written out; a file with ten thousand of them would have four thousand pages.
WHOLE = 1_000
_WORDS = {
    "seo": "SEO",
    "unknown": "Not rated",
    "not_configured": "not set up",
    "failed": "could not",
    "partial": "in part",
    "ready_verify": "Ready to verify",
}
#: Controls, and marks that turn text around: shown by number, so that nothing hides and nothing is mirrored.
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number with its name; ``key`` is the stable one."""

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainBar:
    """The open findings of one domain by severity."""

    label: str
    total: int
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBar:
    """One day of the burn-down."""

    label: str
    score: int
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of a table: a name and what is known."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Something as it was found, and where."""

    where: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One finding for reading."""

    number: int
    id: str
    title: str
    severity: str
    severity_label: str
    score: str
    facts: str
    description: str
    evidence: tuple[Quote, ...]
    places: tuple[Quote, ...]
    more_places: int
    fix: str
    steps: tuple[str, ...]
    versions: str
    rule: str
    ids: tuple[str, ...]
    links: tuple[str, ...]
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One of the further findings: a line of evidence and a line of the fix."""

    number: int
    title: str
    severity: str
    severity_label: str
    score: str
    facts: str
    evidence: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that was not looked at."""

    what: str
    word: str
    state: str
    why: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One target with what its newest scan did not look at."""

    name: str
    kind: str
    scanned: str
    word: str
    complete: bool
    gaps: tuple[Gap, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A report, ready to be written down."""

    id: str
    team: str
    project: str
    generated: str
    date: str
    health: int | None
    open: int
    total: int
    held: int
    left_out: int
    severities: tuple[Count, ...]
    domains: tuple[DomainBar, ...]
    days: tuple[DayBar, ...]
    facts: tuple[Fact, ...]
    findings: tuple[Item, ...]
    brief: tuple[Brief, ...]
    places: tuple[Place, ...]
    places_total: int
    gaps: int


def of(report: ProjectReport) -> Sheet:
    """A report for reading."""
    numbers = report.metrics
    return Sheet(
        id=str(report.id),
        team=_text(report.team, LINE),
        project=_text(report.project, LINE),
        generated=_moment(report.generated_at),
        date=f"{report.generated_at.astimezone(UTC):%Y-%m-%d}",
        health=numbers.computed_health,
        open=numbers.open_findings,
        total=report.findings_total,
        held=len(report.findings),
        left_out=report.left_out,
        severities=_counts(numbers.by_severity),
        domains=_domains(numbers.by_domain),
        days=tuple(
            DayBar(label=f"{day.date:%-d %b}", score=day.open_risk_score, findings=day.open_findings)
            for day in numbers.risk_burn_down
        ),
        facts=_facts(report),
        findings=tuple(_item(number, finding) for number, finding in enumerate(report.findings[:WHOLE], 1)),
        brief=tuple(_brief(number, finding) for number, finding in enumerate(report.findings[WHOLE:], WHOLE + 1)),
        places=tuple(_place(target) for target in report.targets),
        places_total=report.targets_total,
        gaps=report.gaps,
    )


def label(key: str) -> str:
    """A stable name as people read it."""
    return _WORDS.get(key) or key.replace("_", " ").capitalize()


def _counts(given: dict[str, int]) -> tuple[Count, ...]:
    return tuple(Count(key=name, label=label(name), count=given.get(name, 0)) for name in SEVERITIES)


def _domains(given: dict[str, dict[str, int]]) -> tuple[DomainBar, ...]:
    return tuple(
        DomainBar(label=label(name), total=sum(given.get(name, {}).values()), counts=_counts(given.get(name, {})))
        for name in DOMAINS
    )


def _facts(report: ProjectReport) -> tuple[Fact, ...]:
    numbers = report.metrics
    by_status = [f"{numbers.by_status.get(name, 0):,} {label(name).lower()}" for name in OPEN]
    rows = (
        ("Findings in the project", f"{numbers.findings:,}"),
        ("Open", f"{numbers.open_findings:,}: {', '.join(by_status)}"),
        ("Resolved", f"{numbers.by_status.get('resolved', 0):,}"),
        ("Dismissed by a person", f"{numbers.by_status.get('dismissed', 0):,}"),
        ("Open, but not seen by the newest scan", f"{numbers.not_seen:,}"),
        ("Open risk", f"{numbers.open_risk_score:,} points{_unscored(numbers.unscored)}"),
        ("Verifications passed", _rate(numbers.verification_pass_rate, "none has been run")),
        ("Fixes that came back", _rate(numbers.regression_rate, "nothing has been fixed yet")),
        ("Numbers taken", _moment(numbers.taken_at)),
    )
    return tuple(Fact(label=name, value=value) for name, value in rows)


def _unscored(count: int) -> str:
    return f"; {count:,} open findings have no score and count nothing" if count else ""


def _rate(value: float | None, unknown: str) -> str:
    return f"unknown: {unknown}" if value is None else f"{value:.0%}"


def _item(number: int, one: Finding) -> Item:
    fix = one.recommended_fix or {}
    return Item(
        number=number,
        id=str(one.id),
        title=_text(one.title, TITLE),
        severity=one.severity,
        severity_label=label(one.severity),
        score=_score(one),
        facts=" · ".join(_finding_facts(one)),
        description="" if one.description == one.title else _text(one.description, TEXT),
        evidence=tuple(
            Quote(where=_text(item.get("where"), LINE), value=_text(item.get("value"), QUOTE) or "(empty)")
            for item in one.evidence[:QUOTES]
        ),
        places=tuple(
            Quote(where=_text(asset.path, LINE), value=_text(asset.value, QUOTE)) for asset in one.assets[:PLACES]
        ),
        more_places=max(one.assets_total - PLACES, 0),
        fix=_text(fix.get("summary"), TEXT) or _no_fix(one),
        steps=tuple(_text(step, LINE) for step in list(fix.get("steps") or ())[:STEPS]),
        versions=_text(", ".join(one.fixed_in[:IDS]), LINE),
        rule=_text(one.rule, LINE),
        ids=tuple(_text(name, 60) for name in one.ids if name != one.rule)[:IDS],
        links=tuple(_text(link, LINE) for link in one.references if link.startswith(("https://", "http://")))[:LINKS],
        seen=_seen(one),
    )


def _brief(number: int, one: Finding) -> Brief:
    first = one.evidence[0] if one.evidence else {}
    evidence = " ".join(part for part in (_text(first.get("where"), 60), _text(first.get("value"), 90)) if part)
    fix = _text((one.recommended_fix or {}).get("summary"), 110) or _no_fix(one)
    return Brief(
        number=number,
        title=_text(one.title, LINE),
        severity=one.severity,
        severity_label=label(one.severity),
        score=_score(one),
        facts=f"{label(one.domain)}, {label(one.status).lower()}",
        evidence=evidence.replace("\n", " "),
        fix=f"Fixed in {_text(', '.join(one.fixed_in[:3]), 60)}." if one.fixed_in else fix,
    )


def _score(one: Finding) -> str:
    return "unscored" if one.priority_score is None else str(one.priority_score)


def _finding_facts(one: Finding) -> Iterable[str]:
    yield label(one.domain)
    yield label(one.status)
    scores = [score["score"] for score in one.cvss if isinstance(score.get("score"), (int, float))]
    if scores:
        yield f"CVSS {max(scores):.1f}"
    if one.epss is not None:
        yield f"EPSS {one.epss:.2f}"
    if one.kev:
        yield "known to be exploited"
    yield f"confidence {one.confidence:.0%}"


def _no_fix(one: Finding) -> str:
    if one.fixed_in:
        return ""
    return f"No fix is known ({_text(one.fix_state, 60).replace('_', ' ')})." if one.fix_state else "No fix is known."


def _seen(one: Finding) -> str:
    words = f"First seen {_day(one.first_seen)}, last {_day(one.last_seen)}"
    return f"{words}; not seen since {_day(one.not_seen_since)}" if one.not_seen_since else words


def _place(target: Target) -> Place:
    words = {"done": "looked at whole" if target.complete else "not looked at whole"}
    return Place(
        name=_text(target.name, LINE),
        kind="Page" if target.kind == "web" else "File",
        scanned=_moment(target.scanned_at),
        word=words.get(target.status, f"scan {target.status}"),
        complete=target.complete,
        gaps=tuple(_gap(entry) for entry in target.entries),
        more=target.entries_total - len(target.entries),
    )


def _gap(entry: Entry) -> Gap:
    what = entry.what.removeprefix("slot.").replace("_", " ").replace(".", " · ")
    count = f" ({entry.count:,})" if entry.count is not None else ""
    return Gap(
        what=_text(what, LINE) + count,
        word=label(entry.state).lower(),
        state=entry.state,
        why=_text((entry.why or "").replace("_", " "), QUOTE),
        where=_text(entry.where, LINE),
    )


def _text(value: object, limit: int) -> str:
    """A text of at most ``limit`` characters in which every character shows."""
    if value is None:
        return ""
    text = str(value)
    if len(text) > limit:
        text = f"{text[: limit - 1]}…"
    text = text.expandtabs(4).replace("\r\n", "\n").encode("utf-8", "replace").decode()
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text).strip("\n ")


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def _day(value: datetime) -> str:
    return f"{value.astimezone(UTC):%-d %b %Y}"
