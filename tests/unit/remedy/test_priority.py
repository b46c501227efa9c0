"""The points add up, unknown counts nothing, and what a person or a model said is kept and bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy import priority
from surveyor.remedy.priority import FORMULA, Fact, Facts, bounded, compute, decide, stand, values

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WORST = {
    "domain": "vulnerability",
    "severity": "critical",
    "cvss": 10.0,
    "epss": 0.97,
    "kev": True,
    "exposure": "public",
    "assets": 50,
    "fix_state": "fixed",
    "age_days": 400.0,
}


def facts(**more: Any) -> Facts:
    return Facts(**{"domain": "vulnerability", "severity": "high", **more})


EVERY = st.builds(
    Facts,
    domain=st.sampled_from(["security", "seo", "accessibility", "performance", "vulnerability"]),
    severity=st.sampled_from(["critical", "high", "medium", "low", "unknown"]),
    severity_by=st.sampled_from(["rule", "person"]),
    cvss=st.none() | st.floats(0, 10),
    epss=st.none() | st.floats(0, 1),
    kev=st.none() | st.booleans(),
    exposure=st.sampled_from([None, "public", "private"]),
    assets=st.integers(0, 10_000),
    fix_state=st.sampled_from([None, "fixed", "not_fixed", "unknown"]),
    has_fix=st.booleans(),
    age_days=st.none() | st.floats(-1, 10_000),
)


@given(EVERY)
def test_the_score_is_the_sum_of_its_factors_and_stays_within_the_scale(given_facts: Facts) -> None:
    found = compute(given_facts)
    assert found.score == sum(factor.points for factor in found.factors)
    assert [factor.name for factor in found.factors] == list(priority._MAXIMA)
    assert all(0 <= factor.points <= factor.most for factor in found.factors)
    assert all(value is None or 0 <= value <= 100 for value in values(found).values())
    assert all(factor.points == 0 and factor.value is None for factor in found.factors if factor.state != "known")


def test_everything_at_its_worst_is_one_hundred() -> None:
    assert values(compute(Facts(**WORST))) == {"impact": 100, "effort": 20, "risk": 100, "score": 100}


@pytest.mark.parametrize("name", ["epss", "kev", "exposure", "age_days", "fix_state"])
def test_an_unknown_factor_is_shown_and_counts_what_a_known_nothing_does(name: str) -> None:
    full, less = compute(Facts(**WORST)), compute(Facts(**{**WORST, name: None}))
    factor = next(f for f in less.factors if f.name == name.removesuffix("_days").removesuffix("_state"))
    assert (factor.state, factor.points, factor.value) == ("unknown", 0, None)
    assert less.score < full.score


def test_nobody_has_rated_it_and_nobody_knows_it_to_be_exploited() -> None:
    found = compute(facts(severity="unknown", assets=1, age_days=0.0))
    assert values(found) == {"impact": None, "effort": None, "risk": None, "score": 0}
    assert found.factors[0].state == "unknown"


def test_not_listed_is_known_and_unknown_is_not() -> None:
    states = [next(f for f in compute(facts(kev=kev)).factors if f.name == "kev") for kev in (True, False, None)]
    assert [(f.state, f.points) for f in states] == [("known", 15), ("known", 0), ("unknown", 0)]


def test_a_page_cannot_be_in_a_catalogue_of_vulnerabilities() -> None:
    found = compute(facts(domain="security", exposure="public", has_fix=True, assets=1, age_days=0))
    states = {factor.name: factor.state for factor in found.factors}
    assert (states["kev"], states["epss"], states["fix"]) == ("not_applicable", "not_applicable", "known")
    assert values(found) == {"impact": 67, "effort": 20, "risk": 62, "score": 34 + 8 + 4 + 5}


def test_a_persons_severity_wins_over_a_published_score() -> None:
    assert compute(facts(cvss=9.8)).factors[0].points == 44
    assert compute(facts(severity="low", severity_by="person", cvss=9.8)).factors[0].points == 7


@given(EVERY, st.sampled_from(["low", "medium", "high"]))
def test_a_worse_severity_never_comes_later(some: Facts, severity: str) -> None:
    order = ["low", "medium", "high", "critical"]
    worse = order[order.index(severity) + 1]
    from dataclasses import replace

    scores = [compute(replace(some, severity=each, cvss=None)).score for each in (severity, worse)]
    assert scores[0] < scores[1]


def test_each_factor_names_who_says_so_and_when() -> None:
    found = compute(facts(epss=0.2, facts={"epss": Fact(source="epss", date="2026-01-01"), "kev": Fact(source="kev")}))
    epss = next(f for f in found.factors if f.name == "epss")
    assert (epss.points, epss.source, epss.date) == (8, "epss", "2026-01-01")
    # nobody said anything about this one
    assert next(f for f in found.factors if f.name == "kev").source is None


@given(st.none() | st.integers(0, 100), st.integers(-1000, 1000))
def test_a_model_moves_a_value_by_twenty_at_most(formula: int | None, model: int) -> None:
    found = bounded(formula, model)
    assert 0 <= found <= 100
    assert abs(found - (50 if formula is None else formula)) <= 20


def test_what_a_person_set_stands_until_they_give_it_back() -> None:
    first = stand(None, compute(facts()), at=NOW)
    assert (first["source"], first["formula"], first["at"]) == ("formula", FORMULA, NOW.isoformat())
    chosen, values = decide(first, 3)
    assert (chosen["source"], values["score"]) == ("person", 3)
    assert values["effort"] == first["by_source"]["formula"]["effort"]
    again = stand(chosen, compute(facts(severity="critical")), at=NOW)
    assert again["source"] == "person"
    assert again["by_source"]["person"]["score"] == 3
    assert again["by_source"]["formula"]["score"] > first["by_source"]["formula"]["score"]
    back, values = decide(again, None)
    assert (back["source"], values["score"]) == ("formula", again["by_source"]["formula"]["score"])
    assert "person" not in back["by_source"]


def test_a_models_word_gives_way_to_newer_facts_and_is_kept() -> None:
    held = {"source": "model", "by_source": {"model": {"score": 70}, "formula": {"score": 60}}}
    found = stand(held, compute(facts()), at=NOW)
    assert found["source"] == "formula"
    assert found["by_source"]["model"] == {"score": 70}


def test_the_table_tells_every_row_there_is() -> None:
    assert sum(max(points for name, _, points in priority.table() if name == each) for each in priority._MAXIMA) == 100


def test_what_a_server_or_an_attribute_mends_is_less_work_than_a_script() -> None:
    efforts = {
        rule: values(compute(Facts(domain="performance", severity="low", rule=rule, has_fix=True)))["effort"]
        for rule in (None, "performance_tbt", "performance_compression", "performance_image_size")
    }
    assert list(efforts.values()) == [80, 80, 20, 50]
    # letters and underscores in addresses come after all else that is as bad: others have to follow a new address
    address, text = (
        compute(Facts(domain="seo", severity="low", rule=rule, assets=1, has_fix=True))
        for rule in ("seo_url", "seo_link_text")
    )
    assert (address.effort, text.effort) == (80, 20)
    assert address.score < text.score
