"""Keeps what a model says near what the formula says: text on a page may persuade a model, never a ranking."""

from __future__ import annotations

from dataclasses import dataclass

#: How far a model's value may stand from the formula's.
REACH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """A finding's priority, 0..100 each, higher is more."""

    impact: int
    effort: int
    risk: int
    score: int


def near(value: int, anchor: int, reach: int = REACH) -> int:
    """The value, at most ``reach`` from the anchor, within 0..100."""
    low, high = max(0, anchor - reach), min(100, anchor + reach)
    return min(max(value, low), high)


def bounded(said: Scores, formula: Scores) -> Scores:
    """What the model said of a finding, each value near the formula's."""
    return Scores(
        impact=near(said.impact, formula.impact),
        effort=near(said.effort, formula.effort),
        risk=near(said.risk, formula.risk),
        score=near(said.score, formula.score),
    )
