"""The part of a report that people read, for the two formats made for reading: words chosen, texts bounded.

Nothing is left out in silence: a text that was cut ends in an ellipsis, a list that was cut says how many it lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from surveyor.scan import phrases
from surveyor.scan.vocabulary import GROUP_KINDS, MODEL_KINDS, counted, subject
from surveyor.service.documents import loading
from surveyor.service.documents.model import DOMAINS, OPEN, SEVERITIES, Asset, Entry, Finding, ProjectReport, Target
from surveyor.service.documents.sheet import Brief, Count, DayBar, DomainBar, Fact, Gap, Item, Place, Quote, Sheet

TITLE, TEXT, QUOTE, LINE = 300, 700, 360, 200
QUOTES, PLACES, STEPS, LINKS, IDS = 3, 4, 8, 3, 6
#: So many findings, the most urgent, are written out; a file with ten thousand of them would have four thousand pages.
WHOLE = 1_000
#: Pages of which it is told how they load.
LOADS = 40
_WORDS = {
    "seo": "SEO",
    "unknown": "Not rated",
    "not_configured": "not set up",
    "failed": "could not",
    "partial": "in part",
    "ready_verify": "Ready to verify",
}
#: A stable code, such as ``limit_exceeded``: what alone may be turned into words.
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
#: Controls, and marks that turn text around: shown by number, so that nothing hides and nothing is mirrored.
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def of(report: ProjectReport) -> Sheet:
    """A report for reading."""
    numbers = report.metrics
    measured = [one for target in report.targets for one in target.measurements]
    return Sheet(
        id=str(report.id),
        team=_text(report.team, LINE),
        project=_text(report.project, LINE),
        generated=_moment(report.generated_at),
        date=f"{report.generated_at.astimezone(UTC):%Y-%m-%d}",
        health=numbers.computed_health,
        health_words=tuple(_health(report)),
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
        loads=tuple(map(loading.told, measured[:LOADS])),
        loads_total=len(measured),
        places=tuple(_place(target) for target in report.targets),
        places_total=report.targets_total,
        gaps=report.gaps,
        not_set_up=_not_set_up(report.not_set_up),
    )


def label(key: str) -> str:
    """A stable name as people read it."""
    return _WORDS.get(key) or key.replace("_", " ").capitalize()


def _health(report: ProjectReport) -> Iterable[str]:
    """What the number is, or why there is none, and then what it cannot know."""
    numbers = report.metrics
    unrated = counted(numbers.unrated, "open finding")
    if numbers.computed_health is not None:
        yield "Health of 100, computed from open findings"
        if numbers.unrated:
            yield f"{unrated} not rated by anybody, counting nothing"
    elif numbers.unrated and numbers.unrated == numbers.open_findings:
        yield f"Health is unknown: {unrated}, not rated by anybody"
    else:
        yield "Health is unknown: no scan could look at anything and judge it"
    if report.metrics.computed_health is not None and (report.gaps or report.not_set_up):
        yield "not everything was looked at"


def _not_set_up(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    noun = "scanner" if all(name.startswith("slot.") for name in names) else "part"
    return f"{counted(len(names), noun)} not set up: {', '.join(_part(name) for name in names)}"


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
    return f"; {counted(count, 'open finding')} without a score, counting nothing" if count else ""


def _rate(value: float | None, unknown: str) -> str:
    return f"unknown: {unknown}" if value is None else f"{value:.0%}"


def _picture(address: object) -> str:
    return address if isinstance(address, str) and phrases.is_picture(address) else ""


def _item(number: int, one: Finding) -> Item:
    fix = one.recommended_fix or {}
    summary = _sentence(_text(fix.get("summary"), TEXT))
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
            Quote(
                where=_text(item.get("where"), LINE),
                value=_text(item.get("value"), QUOTE) or "(empty)",
                picture=_picture(item.get("picture")),
            )
            for item in _quoted(one)
        ),
        places=tuple(
            Quote(where=_text(", ".join(_where(asset)), LINE), value=_text(asset.value, QUOTE))
            for asset in one.assets[:PLACES]
        ),
        more_places=max(one.assets_total - PLACES, 0),
        absent="" if one.assets else _absent(one),
        fix=summary or _no_fix(one),
        steps=tuple(_text(step, LINE) for step in list(fix.get("steps") or ())[:STEPS]),
        versions=_versions(one, summary),
        rule=_text(one.rule, LINE),
        ids=tuple(_text(name, 60) for name in one.ids if name != one.rule)[:IDS],
        links=tuple(_text(link, LINE) for link in one.references if link.startswith(("https://", "http://")))[:LINKS],
        seen=_seen(one),
    )


def _quoted(one: Finding) -> list[dict[str, Any]]:
    """On how many pages of a site it is, and the first of what was seen; of which templates is told elsewhere."""
    pages = [item for item in one.evidence if item.get("kind") == "pages"][:1]
    return [*pages, *[item for item in one.evidence if item.get("kind") not in GROUP_KINDS][:QUOTES]]


def _brief(number: int, one: Finding) -> Brief:
    first = next((item for item in one.evidence if item.get("kind") not in MODEL_KINDS | GROUP_KINDS), {})
    evidence = " ".join(part for part in (_text(first.get("where"), 60), _text(first.get("value"), 90)) if part)
    fix = _sentence(_text((one.recommended_fix or {}).get("summary"), 110)) or _no_fix(one)
    return Brief(
        number=number,
        title=_text(one.title, LINE),
        severity=one.severity,
        severity_label=label(one.severity),
        score=_score(one),
        facts=f"{label(one.domain)}, {label(one.status).lower()}",
        place=_first_place(one),
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
        yield f"EPSS {phrases.likelihood(one.epss)}"
    if one.kev:
        yield "known to be exploited"
    yield f"confidence {one.confidence:.0%}"


def _no_fix(one: Finding) -> str:
    if one.fixed_in:
        return ""
    return phrases.why_unfixed(one.fix_state) or "No fix is known."


def _sentence(words: str) -> str:
    """Words that something may follow: with a stop at their end, unless they have one."""
    return words if not words or words.endswith((".", "!", "?", ":", "…")) else f"{words}."


def _versions(one: Finding, summary: str) -> str:
    """The versions that mend it; nothing where the sentence before them has named each."""
    named = {word.strip(".,;:()") for word in summary.split()}
    return "" if named.issuperset(one.fixed_in) else _text(", ".join(one.fixed_in[:IDS]), LINE)


def _where(asset: Asset) -> Iterable[str]:
    """Where in the world and where inside: the name of the file that was scanned, the path and layer in it."""
    yield from (part for part in (asset.artifact_name, asset.path) if part)
    if asset.layer:
        yield f"layer {asset.layer[:19]}"


def _first_place(one: Finding) -> str:
    """One line of what is affected: the artifact, or else the page."""
    if not one.assets:
        return _absent(one)
    first = one.assets[0]
    place = _text(first.artifact_name or first.value, 90)
    return f"{place} and {one.assets_total - 1:,} more" if one.assets_total > 1 else place


def _absent(one: Finding) -> str:
    return f"Not seen since {_day(one.not_seen_since)}." if one.not_seen_since else "Not known."


def _seen(one: Finding) -> str:
    words = f"First seen {_day(one.first_seen)}, last {_day(one.last_seen)}"
    return f"{words}; not seen since {_day(one.not_seen_since)}" if one.not_seen_since else words


def _place(target: Target) -> Place:
    return Place(
        name=_text(target.name, LINE),
        kind="Page" if target.kind == "web" else "File",
        scanned=_moment(target.scanned_at),
        word=_looked(target),
        tone="gaps" if not target.complete else "set_up" if target.not_set_up else "whole",
        gaps=tuple(_gap(entry) for entry in target.entries),
        more=target.entries_total - len(target.entries),
    )


def _looked(target: Target) -> str:
    """How far a target was looked at; what is not set up is neither a whole look nor a failure, and said apart."""
    if target.status != "done":
        return f"scan {target.status}"
    if not target.complete:
        return "not looked at whole"
    if not target.not_set_up:
        return "looked at whole"
    return f"looked at with all that is set up; {_not_set_up(target.not_set_up)}"


def _gap(entry: Entry) -> Gap:
    count = f" ({entry.count:,})" if entry.count is not None else ""
    return Gap(
        what=_text(_part(entry.what), LINE) + count,
        word=label(entry.state).lower(),
        state=entry.state,
        why=_text(_why(entry), QUOTE),
        where=_text(entry.where, LINE),
    )


def _part(what: str) -> str:
    """A part of a scan in words: ``catalog.rpm`` is ``catalog · rpm``; names that others gave, as of feeds, stay."""
    if what.startswith("gather."):
        told = subject(what)
        return f"{told[:1].lower()}{told[1:]}" if told[1:2].islower() else told
    kind, _, name = what.removeprefix("slot.").partition(".")
    name = name.replace("_", " ") if _CODE.fullmatch(name) else name
    return " · ".join(part for part in (kind.replace("_", " "), name) if part)


def _why(entry: Entry) -> str:
    """The reason in words: a sentence as it was given, since it names settings and files; a code without its joints."""
    why = entry.why or ""
    return why.replace("_", " ") if why == entry.reason and _CODE.fullmatch(why) else why


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
