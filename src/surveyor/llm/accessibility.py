"""A page's outline to findings about what rules cannot decide; titles and severities are the class's.

The model names classes and lines of the outline. The lines themselves are quoted here, so that evidence is always the
page's and never the model's; a claim that names no line of its class's kind is dropped, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, create_model

from surveyor.llm import prompts
from surveyor.llm.classes import CLASSES, BarrierClass, asked
from surveyor.llm.interface import Answer, Attempt, Question
from surveyor.llm.redact import redact
from surveyor.scan.model import Asset, Domain, Evidence, Finding
from surveyor.scan.vocabulary import counted

NAME, VERSION = "accessibility", "v2"
#: Of what is said about one page, in UTF-8.
QUESTION_BYTES = 40_000
#: A model is never as sure as a rule.
MOST_CONFIDENT = 0.8
#: How the claims of a model that count for nothing are told apart.
UNCITED, UNKNOWN, MISPLACED = "citing nothing", "citing what was not shown", "citing what the class is not about"
_ISSUES, _QUOTES, _QUOTE = 200, 10, 300
_LINE = re.compile(r"\s*(e\d{1,9})\s(.*)")


class Issue(BaseModel):
    """One barrier that the model sees; ``barrier`` is the id of a class."""

    model_config = ConfigDict(extra="ignore")

    barrier: str
    elements: list[str] = Field(max_length=500)
    explanation: str = Field(max_length=8_000)
    confidence: float = Field(ge=0, le=1)


class Review(BaseModel):
    """The answer about one page."""

    model_config = ConfigDict(extra="ignore")

    issues: list[Issue] = Field(max_length=_ISSUES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a model made of a page: findings, one a class; how many claims were ``dropped`` and why; every try."""

    findings: tuple[Finding, ...]
    dropped: Mapping[str, int]
    model: str
    trail: tuple[Attempt, ...]


Ask = Callable[[Question[Review]], Answer[Review]]


def review(
    url: str,
    outline: str,
    ask: Ask,
    selectors: Mapping[str, str] | None = None,
    classes: Sequence[BarrierClass] = tuple(CLASSES.values()),
) -> Reviewed:
    """Ask about a page, by these classes; raises what the call raises.

    ``selectors`` say where a line's element is; the model is shown none of them.
    """
    answer = ask(question(url, outline, classes))
    made, dropped = findings(url, outline, answer.value.issues, answer.model, selectors, classes)
    return Reviewed(findings=made, dropped=dropped, model=answer.model, trail=answer.trail)


def question(url: str, outline: str, classes: Sequence[BarrierClass] = tuple(CLASSES.values())) -> Question[Review]:
    """The outline as a question, which as a whole is within the bound."""
    lines = outline.splitlines()
    user = _quoted(url, lines)
    while len(user.encode()) > QUESTION_BYTES:
        # an outline of ours fits; of any other what is too much goes from all over it
        lines = [line for place, line in enumerate(lines) if place % 8 != 7] if len(lines) > 7 else lines[:-1]
        user = _quoted(url, lines)
    return Question(
        name=NAME,
        version=VERSION,
        system=f"{prompts.load(NAME, VERSION).rstrip()}\n{asked(classes)}\n",
        user=user,
        shape=_shape(tuple(one.id for one in classes)),
        max_tokens=4096,
    )


@cache
def _shape(ids: tuple[str, ...]) -> type[Review]:
    """The form of an answer by some classes; one claim of another class is dropped, and the rest stays."""
    issue = create_model("Issue", __base__=Issue, barrier=(str, Field(json_schema_extra={"enum": list(ids)})))
    made: type[Review] = create_model(
        "Review",
        __base__=Review,
        issues=(list[issue], Field(max_length=_ISSUES)),  # type: ignore[valid-type]
    )
    return made


def _quoted(url: str, lines: Sequence[str]) -> str:
    # as it leaves: what is taken out of it may be shorter than what stands there then
    return redact(prompts.quoted({"page": url[:500], "outline": lines}))


def findings(
    url: str,
    outline: str,
    issues: Iterable[Issue],
    model: str,
    selectors: Mapping[str, str] | None = None,
    classes: Sequence[BarrierClass] = tuple(CLASSES.values()),
) -> tuple[tuple[Finding, ...], Mapping[str, int]]:
    """What of the model's claims stands on lines of the outline, by class in the catalogue's order, and what does not.

    Evidence is a line and its selector: the line's id means nothing to who cannot see the outline.
    """
    lines, places = _named(outline), selectors or {}
    known = {one.id: one for one in classes}
    dropped: Counter[str] = Counter()
    kept: dict[str, list[tuple[Issue, list[Evidence]]]] = {}
    for issue in issues:
        wanted = known.get(issue.barrier)
        cited = [element for element in dict.fromkeys(issue.elements) if element in lines]
        if wanted is None or not cited:
            dropped[UNKNOWN if issue.elements else UNCITED] += 1
        elif not any(wanted.about(lines[element]) for element in cited):
            dropped[MISPLACED] += 1
        else:
            # what the class is about stands first
            cited.sort(key=lambda element, own=wanted: not own.about(lines[element]))  # type: ignore[misc]
            quotes = [_quote(lines[element], places.get(element)) for element in cited]
            kept.setdefault(wanted.id, []).append((issue, quotes))
    asset = Asset(type="url", value=url)
    made = tuple(_finding(known[name], kept[name], asset, model) for name in CLASSES if name in kept and name in known)
    return made, dict(dropped)


def told(dropped: Mapping[str, int]) -> str:
    """Dropped claims as a sentence; nothing where there are none."""
    if not dropped:
        return ""
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))
    return f"{counted(sum(dropped.values()), 'claim')} dropped: {why}"


def standing(outline: str, quoted: Sequence[str]) -> tuple[str, ...]:
    """Which of the lines that a finding quoted stand in this outline as they were."""
    lines = {_quote(line).value for line in _named(outline).values()}
    return tuple(line for line in dict.fromkeys(quoted) if line in lines)


def said(text: str) -> str:
    """A model's own words as they are kept: one line of what can be printed, bounded."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_QUOTE]


def _named(outline: str) -> dict[str, str]:
    """An outline's lines by their ids."""
    return {match[1]: match[2] for match in map(_LINE.fullmatch, outline.splitlines()) if match}


def _quote(line: str, where: str | None = None) -> Evidence:
    """A line as findings quote it: what is compared later has to be cut alike."""
    return Evidence(kind="element", value=line[:_QUOTE], where=where)


def _finding(
    wanted: BarrierClass, claims: Sequence[tuple[Issue, Sequence[Evidence]]], asset: Asset, model: str
) -> Finding:
    """One class's finding: each claim's lines, and behind them what the model says of them."""
    evidence: list[Evidence] = []
    for issue, cited in claims:
        evidence += cited[:_QUOTES]
        evidence.append(Evidence(kind="model", value=said(issue.explanation), where=model[:100]))
    return Finding(
        domain=Domain.ACCESSIBILITY,
        rule=wanted.rule,
        title=wanted.title,
        severity=wanted.severity,
        description=f"{wanted.barrier} A language model found elements of which this seems to be so; have a person "
        f"look at them. {wanted.name} (WCAG {wanted.number}, level {wanted.level}).",
        assets=(asset,),
        confidence=min(MOST_CONFIDENT, max(issue.confidence for issue, _ in claims)),
        evidence=tuple(evidence[: _QUOTES * 4]),
        recommended_fix=wanted.recommended,
        references=(wanted.reference,),
    )
