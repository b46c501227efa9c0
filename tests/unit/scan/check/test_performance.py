"""Metrics against their published bounds."""

from __future__ import annotations

import pytest

from surveyor.scan.check.interface import Needs
from surveyor.scan.check.registry import CHECKS, words
from surveyor.scan.model import Domain, Severity
from surveyor.scan.speed import Metric, Speed

CHECK = {check.id: check for check in CHECKS[Domain.PERFORMANCE]}


def judged(metric: str, *values: tuple[str, float], score: float | None = None) -> list[tuple[str, float | None]]:
    metrics = tuple(Metric(id=metric, value=value, source=source) for source, value in values)
    judge = CHECK[f"performance_{metric}"].speed
    assert judge is not None
    return [(found.key, found.confidence) for found in judge(Speed(url="x", metrics=metrics, score=score))]


@pytest.mark.parametrize(
    ("metric", "good", "poor"),
    [
        ("lcp", 2500, 4000),
        ("cls", 0.1, 0.25),
        ("inp", 200, 500),
        ("fcp", 1800, 3000),
        ("tbt", 200, 600),
        ("si", 3387, 5800),
    ],
)
def test_bounds_belong_to_the_better_side(metric: str, good: float, poor: float) -> None:
    assert judged(metric, ("field", good)) == []
    assert judged(metric, ("field", good * 1.01)) == [("needs_improvement", None)]
    assert judged(metric, ("field", poor)) == [("needs_improvement", None)]
    assert judged(metric, ("field", poor * 1.01)) == [("poor", None)]


def test_real_visits_decide_over_the_laboratory() -> None:
    assert judged("lcp", ("lab", 9000), ("field", 1000)) == []
    assert judged("lcp", ("lab", 1000), ("field", 9000)) == [("poor", None)]
    assert judged("lcp", ("lab", 9000)) == [("poor", 0.7)]


def test_what_was_not_measured_is_no_finding() -> None:
    assert judged("inp") == []


def test_both_sources_the_bounds_and_the_score_are_evidence() -> None:
    judge = CHECK["performance_cls"].speed
    assert judge is not None
    metrics = (Metric(id="cls", value=0.3, source="field"), Metric(id="cls", value=0.0123, source="lab"))
    (found,) = judge(Speed(url="x", metrics=metrics, score=0.5, engine="Lighthouse 13.5.0"))
    assert [(evidence.where, evidence.value) for evidence in found.evidence] == [
        ("cls (field)", "0.300"),
        ("cls (lab)", "0.012"),
        ("cls", "good up to 0.1, poor above 0.25"),
        ("performance score (lab)", "0.50"),
        ("engine", "Lighthouse 13.5.0"),
    ]


def test_a_core_web_vital_weighs_more_and_one_problem_has_one_title() -> None:
    for check in CHECK.values():
        assert check.needs is Needs.SPEED
        assert words(check, "poor").title == words(check, "needs_improvement").title
    assert words(CHECK["performance_lcp"], "poor").severity is Severity.HIGH
    assert words(CHECK["performance_lcp"], "needs_improvement").severity is Severity.MEDIUM
    assert words(CHECK["performance_si"], "poor").severity is Severity.MEDIUM
