"""A page's outline to findings about what rules cannot decide; titles and severities are the catalogue's.

The model names criteria and lines of the outline. The lines themselves are quoted here, so that evidence is always the
page's and never the model's; a claim that names no line is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from surveyor.llm import prompts
from surveyor.llm.criteria import CRITERIA, Criterion
from surveyor.llm.interface import Answer, Attempt, Question
from surveyor.scan.model import Asset, Domain, Evidence, Finding

NAME, VERSION = "accessibility", "v1"
#: Of what is said about one page, in UTF-8.
QUESTION_BYTES = 40_000
#: A model is never as sure as a rule.
MOST_CONFIDENT = 0.8
_ISSUES, _QUOTES, _QUOTE = 60, 10, 300
_LINE = re.compile(r"\s*(e\d{1,9})\s(.*)")


class Issue(BaseModel):
    """One barrier that the model sees."""

    model_config = ConfigDict(extra="ignore")

    criterion: Literal[tuple(CRITERIA)]  # type: ignore[valid-type]
    elements: list[str] = Field(max_length=50)
    explanation: str = Field(max_length=2_000)
    confidence: float = Field(ge=0, le=1)


class Review(BaseModel):
    """The answer about one page."""

    model_config = ConfigDict(extra="ignore")

    issues: list[Issue] = Field(max_length=_ISSUES)


def review(
    url: str,
    outline: str,
    ask: Callable[[Question[Review]], Answer[Review]],
    selectors: Mapping[str, str] | None = None,
) -> tuple[tuple[Finding, ...], tuple[Attempt, ...]]:
    """Findings about a page, one a criterion, and the trail; raises what the call raises.

    ``selectors`` say where a line's element is; the model is shown none of them.
    """
    answer = ask(question(url, outline))
    return findings(url, outline, answer.value.issues, answer.model, selectors), answer.trail


def question(url: str, outline: str) -> Question[Review]:
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
        system=prompts.load(NAME, VERSION),
        user=user,
        shape=Review,
        max_tokens=4096,
    )


def _quoted(url: str, lines: Sequence[str]) -> str:
    return prompts.quoted({"page": url[:500], "outline": lines})


def findings(
    url: str, outline: str, issues: Sequence[Issue], model: str, selectors: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """What of the model's claims stands on lines of the outline, by criterion in the catalogue's order.

    Evidence is a line and its selector: the line's id means nothing to who cannot see the outline.
    """
    places = selectors or {}
    lines = {
        name: Evidence(kind="element", value=value, where=places.get(name))
        for name, value in _quotable(outline).items()
    }
    by_criterion: dict[str, list[Issue]] = {}
    for issue in issues:
        if any(element in lines for element in issue.elements):
            by_criterion.setdefault(issue.criterion, []).append(issue)
    asset = Asset(type="url", value=url)
    return tuple(
        _finding(criterion, by_criterion[number], lines, asset, model)
        for number, criterion in CRITERIA.items()
        if number in by_criterion
    )


def standing(outline: str, quoted: Sequence[str]) -> tuple[str, ...]:
    """Which of the lines that a finding quoted stand in this outline as they were."""
    lines = set(_quotable(outline).values())
    return tuple(line for line in dict.fromkeys(quoted) if line in lines)


def _quotable(outline: str) -> dict[str, str]:
    """An outline's lines as findings quote them, by their ids: what is compared later has to be cut alike."""
    return {match[1]: match[2][:_QUOTE] for match in map(_LINE.fullmatch, outline.splitlines()) if match}


def _finding(
    criterion: Criterion, issues: Sequence[Issue], lines: Mapping[str, Evidence], asset: Asset, model: str
) -> Finding:
    evidence: list[Evidence] = []
    for issue in issues:
        evidence += [lines[element] for element in dict.fromkeys(issue.elements) if element in lines]
        said = " ".join(issue.explanation.split())[:_QUOTE]
        evidence.append(Evidence(kind="model", value=said, where=model[:100]))
    return Finding(
        domain=Domain.ACCESSIBILITY,
        rule=criterion.rule,
        title=criterion.title,
        severity=criterion.severity,
        description=f"{criterion.asks} A language model found lines of the page that seem not to do so; have a person "
        "look at them.",
        assets=(asset,),
        confidence=min(MOST_CONFIDENT, max(issue.confidence for issue in issues)),
        evidence=tuple(evidence[: _QUOTES * 2]),
        references=(f"https://www.w3.org/TR/WCAG21/#{_anchor(criterion.name)}",),
    )


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z-]", "", name.lower().replace(" ", "-"))
