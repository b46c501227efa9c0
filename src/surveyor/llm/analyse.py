"""Findings to a typed analysis: how much each matters and how to fix it, and one paragraph about all of them.

Findings go out in batches, the most urgent first; the first batch also asks for the paragraph and the health. What
comes back about unknown ids, or without evidence that is the finding's own, is dropped, and every number is bounded:
text on a page may persuade a model, never a ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from surveyor.llm import prompts
from surveyor.llm.interface import Answer, Attempt, LlmError, Question, Unanswered
from surveyor.scan.model import Evidence, Finding, Fix
from surveyor.scan.vocabulary import MODEL_KINDS

NAME, VERSION = "analysis", "v1"
#: Findings of one question, how many questions one run may ask, and how many at once.
BATCH, BATCHES, AT_ONCE = 30, 10, 3
_EVIDENCE, _VALUE, _TEXT = 4, 300, 500
_TOKENS_EACH, _TOKENS_BASE = 260, 800

_Percent = Annotated[int, Field(ge=0, le=100)]


class Judgement(BaseModel):
    """What the model says of one finding."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(max_length=20)
    because: list[str] = Field(max_length=50)
    impact: _Percent
    effort: _Percent
    risk: _Percent
    score: _Percent
    fix_summary: str = Field(max_length=2_000)
    fix_steps: list[str] = Field(max_length=20)


class Judgements(BaseModel):
    """The answer to a later batch."""

    model_config = ConfigDict(extra="ignore")

    findings: list[Judgement] = Field(max_length=200)


class Overview(Judgements):
    """The answer to the first batch."""

    summary: str = Field(min_length=1, max_length=6_000)
    health_score: _Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """A finding's priority, 0..100 each, higher is more."""

    impact: int
    effort: int
    risk: int
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A finding to judge: ``key`` is the caller's own name for it and never leaves; ``formula`` bounds the answer.

    ``formula`` maps impact, effort, risk and score to 0..100, or ``None`` where nothing is known.
    """

    key: str
    finding: Finding
    formula: Mapping[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of one finding: bounded values, and what to do."""

    key: str
    scores: Scores
    fix: Fix | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What the model made of a run. ``left`` findings were not asked about or not answered; ``trail`` has every try.

    ``failures`` says why batches have no answer; ``model`` is whoever answered first.
    """

    summary: str | None
    health_score: int | None
    judged: tuple[Judged, ...]
    left: int
    model: str | None
    trail: tuple[Attempt, ...]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of the run as a whole: what was scanned, counts by severity, computed health, what was not seen."""

    target: str
    kind: str
    counts: Mapping[str, int]
    computed_health: int | None
    not_looked: Sequence[str] = ()


Ask = Callable[[Question[Any]], Answer[Any]]
#: The formula's value and the model's, to the one that may stand: near the formula's, within 0..100.
Bound = Callable[[int | None, int], int]


def analyse(context: Context, subjects: Sequence[Subject], ask: Ask, bound: Bound) -> Analysis:
    """Ask about findings, the most urgent first as given; whatever fails is told in the result, never raised."""
    asked = subjects[: BATCH * BATCHES]
    batches = [asked[at : at + BATCH] for at in range(0, len(asked), BATCH)]
    # the first alone: when nobody answers it, nobody is asked the rest
    answers = [_asked(context, batches[0], ask, first=True)] if batches else []
    if answers and answers[0].value is not None and batches[1:]:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="analysis") as pool:
            answers += pool.map(lambda batch: _asked(context, batch, ask, first=False), batches[1:])
    judged = tuple(
        one for batch, answer in zip(batches, answers, strict=False) for one in _judged(batch, answer.value, bound)
    )
    head = answers[0].value if answers else None
    overview = head if isinstance(head, Overview) else None
    health = context.computed_health
    return Analysis(
        summary=_paragraph(overview.summary) if overview else None,
        # where we have no number nobody could look, or nobody has rated what is there: the model's would be a guess too
        health_score=bound(health, overview.health_score) if overview and health is not None else None,
        judged=judged,
        left=len(subjects) - len(judged),
        model=next((answer.model for answer in answers if answer.model), None),
        trail=tuple(attempt for answer in answers for attempt in answer.trail),
        failures=tuple(dict.fromkeys(answer.failure for answer in answers if answer.failure)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What came of one batch."""

    value: Judgements | None
    trail: tuple[Attempt, ...] = ()
    model: str | None = None
    failure: str = ""


def _asked(context: Context, batch: Sequence[Subject], ask: Ask, *, first: bool) -> _Answered:
    try:
        answer = ask(question(context, batch, first=first))
    except Unanswered as error:
        return _Answered(value=None, trail=error.trail, failure=str(error))
    except LlmError as error:
        return _Answered(value=None, failure=str(error))
    return _Answered(value=answer.value, trail=answer.trail, model=answer.model)


def question(context: Context, batch: Sequence[Subject], *, first: bool) -> Question[Any]:
    """One batch as a question; ids are counted, so nothing of ours leaves and nothing foreign can be named."""
    data: dict[str, Any] = {
        "target": {"kind": context.kind, "name": context.target[:_VALUE]},
        "counts": dict(context.counts),
        "not_looked_at": [text[:_VALUE] for text in context.not_looked[:20]],
        "findings": [_facts(number, subject) for number, subject in enumerate(batch, 1)],
    }
    return Question(
        name=NAME,
        version=VERSION,
        system=prompts.load(NAME, VERSION),
        user=prompts.quoted(data),
        shape=Overview if first else Judgements,
        max_tokens=_TOKENS_BASE + _TOKENS_EACH * len(batch),
    )


def _facts(number: int, subject: Subject) -> dict[str, Any]:
    """A finding as the model sees it, bounded; what is unknown is left out."""
    found = subject.finding
    facts = {
        "id": f"f{number}",
        "domain": found.domain.value,
        "rule": found.rule[:100],
        "title": found.title[:_VALUE],
        "severity": found.severity.value,
        "confidence": found.confidence,
        "description": found.description[:_TEXT],
        "package": found.package,
        "fixed_in": list(found.fixed_in[:3]),
        "fix_state": found.fix_state,
        "cvss": max((score.score for score in found.cvss if score.score is not None), default=None),
        "epss": found.epss,
        "known_exploited": found.kev,
        "affects": len(found.assets),
        "for_example": [asset.value[:_VALUE] for asset in found.assets[:2]],
        "evidence": [
            {"id": f"f{number}.e{place}", "kind": item.kind, "where": item.where, "value": item.value[:_VALUE]}
            for place, item in enumerate(_found(found), 1)
        ],
        "formula": {name: value for name, value in subject.formula.items() if value is not None},
    }
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}


def _found(finding: Finding) -> list[Evidence]:
    """The first of its evidence, without what a model has said of it."""
    return [item for item in finding.evidence if item.kind not in MODEL_KINDS][:_EVIDENCE]


def _judged(batch: Sequence[Subject], answer: Judgements | None, bound: Bound) -> list[Judged]:
    """What is known by its id and rests on the finding's own evidence, once each."""
    by_id = {f"f{number}": subject for number, subject in enumerate(batch, 1)}
    kept: dict[str, Judged] = {}
    for said in answer.findings if answer else ():
        subject = by_id.get(said.id)
        if subject is None or said.id in kept or not _own(said, subject):
            continue
        kept[said.id] = Judged(key=subject.key, scores=_scores(said, subject.formula, bound), fix=_fix(said))
    return list(kept.values())


def _scores(said: Judgement, formula: Mapping[str, int | None], bound: Bound) -> Scores:
    return Scores(
        impact=bound(formula.get("impact"), said.impact),
        effort=bound(formula.get("effort"), said.effort),
        risk=bound(formula.get("risk"), said.risk),
        score=bound(formula.get("score"), said.score),
    )


def _own(said: Judgement, subject: Subject) -> bool:
    shown = len(_found(subject.finding))
    own = {said.id, *(f"{said.id}.e{place}" for place in range(1, shown + 1))}
    return bool(own.intersection(said.because))


def _fix(said: Judgement) -> Fix | None:
    summary = _line(said.fix_summary, _TEXT)
    steps = tuple(step for step in (_line(step, _TEXT) for step in said.fix_steps[:10]) if step)
    return Fix(summary=summary, steps=steps) if summary else None


def _line(text: str, limit: int) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:limit]


def _paragraph(text: str) -> str:
    return _line(text, 2_000)
