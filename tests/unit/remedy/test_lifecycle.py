"""What a run becomes, and how well its target does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy import health
from surveyor.remedy.lifecycle import Verdict, finish

STATES = ("pending", "running", "done", "failed")


@given(st.dictionaries(st.text(max_size=3), st.sampled_from(STATES), max_size=5))
def test_a_run_ends_when_all_its_slots_have_and_never_before(slots: dict[str, str]) -> None:
    verdict = finish(slots)
    if not slots or set(slots.values()) & {"pending", "running"}:
        assert verdict is None
    else:
        assert verdict == Verdict(status="done" if "done" in slots.values() else "failed")


@pytest.mark.parametrize(("analyser", "findings", "wanted"), [(True, 3, True), (True, 0, False), (False, 3, False)])
def test_an_analyser_looks_only_at_findings(analyser: bool, findings: int, wanted: bool) -> None:
    verdict = finish({"a": "done", "b": "failed"}, analyser=analyser, findings=findings)
    assert verdict == Verdict(status="done", analyse=wanted)


@given(st.dictionaries(st.sampled_from(sorted(health.POINTS)), st.integers(0, 10_000)))
def test_health_is_a_percentage_that_no_finding_improves(counts: dict[str, int]) -> None:
    now = health.computed(counts)
    if now is None:
        assert counts["unknown"]
        return
    assert 0 <= now <= 100
    for severity in health.POINTS:
        more = health.computed({**counts, severity: counts.get(severity, 0) + 1})
        assert more is None or more <= now


def test_health_of_a_clean_target_is_full_and_unrated_findings_do_not_count() -> None:
    assert health.computed({}) == health.computed({"critical": 0, "unknown": 0}) == 100
    assert health.computed({"critical": 2}) == health.computed({"critical": 2, "unknown": 900}) == 50


def test_there_is_no_number_where_it_would_be_a_guess() -> None:
    assert health.computed({"unknown": 2}) is None
    assert health.computed({"high": 0, "unknown": 2}) is None
    assert health.computed({"low": 1, "unknown": 2}) == 98
    assert health.computed({}, looked=False) is None
    assert health.computed({"critical": 2}, looked=False) is None
