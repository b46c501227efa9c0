"""OSV's rules on one version: events in order, lists, unions, and what cannot be ordered."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.advise.ranges import Keys, Verdict, describe, judge
from surveyor.scan.advise.versions import SCHEMES

SEMVER = Keys(SCHEMES["semver"])


def decide(version: str, *ranges: list[str], versions: tuple[str, ...] = (), keys: Keys = SEMVER) -> Verdict:
    return judge(version, ranges, versions, keys)


@pytest.mark.parametrize(
    ("version", "affected"),
    [("0.0.1", True), ("1.9.9", True), ("2.0.0", False), ("2.0.0-rc1", True), ("3.0.0", False), ("0", True)],
)
def test_introduced_at_zero_and_fixed(version: str, affected: bool) -> None:
    assert decide(version, ["i", "0", "f", "2.0.0"]).affected is affected


def test_a_hit_tells_its_span_and_the_fix() -> None:
    verdict = decide("2.2.0", ["i", "0", "f", "2.0.9", "i", "2.1.0", "f", "2.2.6", "i", "3.0.0", "f", "3.0.4"])
    assert verdict == Verdict(True, "introduced 2.1.0, fixed 2.2.6", fixed="2.2.6")
    assert not decide("2.0.9", ["i", "0", "f", "2.0.9", "i", "2.1.0", "f", "2.2.6"]).affected


def test_events_may_come_in_any_order() -> None:
    assert decide("2.2.0", ["f", "2.2.6", "i", "2.1.0", "f", "2.0.9", "i", "0"]).fixed == "2.2.6"


@pytest.mark.parametrize(("version", "affected"), [("1.0.0", True), ("1.5.0", True), ("1.5.1", False)])
def test_last_affected_is_inclusive(version: str, affected: bool) -> None:
    verdict = decide(version, ["i", "1.0.0", "l", "1.5.0"])
    assert verdict.affected is affected
    assert verdict.fixed is None
    assert not verdict.open_ended


@pytest.mark.parametrize(
    ("version", "affected"), [("0.9.0", False), ("1.0.0", False), ("1.0.1", True), ("1.4.9", True), ("1.5.0", False)]
)
def test_after_is_exclusive(version: str, affected: bool) -> None:
    verdict = decide(version, ["a", "1.0.0", "f", "1.5.0"])
    assert verdict.affected is affected
    if affected:
        assert (verdict.text, verdict.fixed) == ("introduced after 1.0.0, fixed 1.5.0", "1.5.0")


def test_after_with_an_inclusive_end_and_with_none() -> None:
    assert decide("1.5.0", ["a", "1.0.0", "l", "1.5.0"]).text == "introduced after 1.0.0, last affected 1.5.0"
    assert not decide("1.5.1", ["a", "1.0.0", "l", "1.5.0"]).affected
    assert not decide("1.0.0", ["a", "1.0.0", "l", "1.0.0"]).affected
    assert decide("9.0.0", ["a", "1.0.0"]).open_ended
    assert describe([["a", "1.0.0"]], []) == "introduced after 1.0.0"


def test_only_one_version_affected() -> None:
    assert decide("1.0.0", ["i", "1.0.0", "l", "1.0.0"]).affected
    assert not decide("1.0.1", ["i", "1.0.0", "l", "1.0.0"]).affected


def test_no_end_is_open_ended() -> None:
    verdict = decide("9.0.0", ["i", "1.0.0"])
    assert verdict.affected
    assert verdict.open_ended


def test_limit_ends_a_range_and_star_does_not() -> None:
    assert not decide("2.0.0", ["i", "0", "m", "2.0.0"]).affected
    assert decide("2.0.0", ["i", "0", "m", "*"]).affected


def test_one_limit_above_is_enough() -> None:
    """Limits are no ends: a version is to be below any of them, and what begins behind them all never does."""
    assert decide("3.0.0", ["i", "0", "m", "2.0.0", "m", "5.0.0"]).affected
    assert not decide("5.0.0", ["i", "0", "m", "2.0.0", "m", "5.0.0"]).affected
    assert not decide("3.0.0", ["i", "0", "m", "2.0.0", "i", "2.5.0"]).affected
    assert decide("3.0.0", ["i", "0", "m", "2.0.0", "m", "*"]).affected
    assert decide("1.13.5", ["i", "1.13.0", "m", "1.14.2"]).text == "introduced 1.13.0, limit 1.14.2"


@pytest.mark.parametrize(
    ("flat", "version", "affected"),
    [
        # RUSTSEC-2024-0399: a span of no length, which names the release that the other one is of
        (["i", "0.23.0", "f", "0.23.0", "i", "0.23.13", "f", "0.23.18"], "0.23.5", False),
        (["i", "0.23.0", "f", "0.23.0", "i", "0.23.13", "f", "0.23.18"], "0.23.13", True),
        # PYSEC-2023-72: spans that touch, not in their order
        (["i", "0", "f", "3.1.1", "i", "3.2.0", "f", "3.2.2", "i", "3.1.1", "f", "3.2.0"], "3.1.1", True),
        (["i", "0", "f", "3.1.1", "i", "3.2.0", "f", "3.2.2", "i", "3.1.1", "f", "3.2.0"], "3.2.1", True),
        (["i", "0", "f", "3.1.1", "i", "3.2.0", "f", "3.2.2", "i", "3.1.1", "f", "3.2.0"], "3.2.2", False),
        (["i", "1.0.0", "f", "1.0.0"], "1.0.0", False),
        (["i", "1.0.0", "f", "1.0.0"], "1.5.0", False),
        (["i", "0", "f", "0"], "1.0.0", False),
    ],
)
def test_an_end_and_a_beginning_at_one_version(flat: list[str], version: str, affected: bool) -> None:
    assert decide(version, flat).affected is affected


def test_the_fix_of_spans_that_touch_is_behind_the_last() -> None:
    touching = ["i", "0", "f", "3.1.1", "i", "3.1.1", "f", "3.2.0", "i", "3.2.0", "f", "3.2.2"]
    assert decide("3.0.0", touching) == Verdict(True, "introduced 0, fixed 3.2.2", fixed="3.2.2")


def included(version: int, events: list[tuple[str, int]]) -> bool:
    """What the OSV schema writes under "Evaluation", word by word."""
    limits = [where for kind, where in events if kind == "m"]
    if limits and not any(version < limit for limit in limits):
        return False
    vulnerable = False
    for kind, where in sorted(events, key=lambda event: event[1]):
        if kind == "i" and version >= where:
            vulnerable = True
        elif (kind == "f" and version >= where) or (kind == "l" and version > where):
            vulnerable = False
    return vulnerable


@given(data=st.data())
@settings(max_examples=500, deadline=None)
def test_ranges_are_evaluated_as_the_schema_says(data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True))
    events = [(data.draw(st.sampled_from("iiffflm")), where) for where in places]
    flat = [part for kind, where in events for part in (kind, f"{where}.0.0")]
    for version in range(11):
        assert decide(f"{version}.0.0", flat).affected is included(version, events)


def test_ranges_and_lists_are_one_union() -> None:
    assert decide("5.0.0", ["i", "0", "f", "1.0.0"], ["i", "5.0.0", "f", "5.1.0"]).affected
    listed = decide("v3.0", ["i", "0", "f", "1.0.0"], ["i", "4.0.0", "f", "4.1.0"], versions=("3.0.0",))
    assert listed.affected
    assert listed.fixed == "4.1.0"
    assert not decide("3.0.1", versions=("3.0.0",)).affected


def test_a_version_that_cannot_be_ordered_is_compared_with_the_list_alone() -> None:
    verdict = decide("main", ["i", "0"], versions=("1.0.0",))
    assert not verdict.affected
    assert verdict.undecided == 1
    assert decide("main", ["i", "0"], versions=("main",)).affected


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@pytest.mark.parametrize(
    "version",
    [
        "main",
        "latest",
        "RELEASE",
        "unknown",
        "*",
        "^1.0",
        "~1.2",
        ">=1.0",
        "[1.0,2.0)",
        "${revision}",
        "git+https://x/y#1",
    ],
)
def test_what_is_no_release_is_below_nothing(scheme: str, version: str) -> None:
    verdict = decide(version, ["i", "0", "f", "9"], keys=Keys(SCHEMES[scheme]))
    assert (verdict.affected, verdict.undecided) == (False, 1)
    assert decide(version, ["i", "0"], versions=(version,), keys=Keys(SCHEMES[scheme])).affected


def test_a_range_that_cannot_be_ordered_is_counted_and_the_others_decide() -> None:
    verdict = decide("1.0.0", ["i", "0", "f", "tomorrow"], ["i", "2.0.0"])
    assert (verdict.affected, verdict.undecided) == (False, 1)
    assert decide("1.0.0", ["i", "0", "f", "tomorrow"], ["i", "0"]).affected


def test_an_ecosystem_without_order_has_lists_only() -> None:
    none = Keys(None)
    assert decide("1.0", ["i", "0"], versions=("1.0",), keys=none).affected
    assert not decide("1.0", ["i", "0"], keys=none).affected


def test_nothing_is_affected_by_nothing() -> None:
    assert decide("1.0.0") == Verdict(False, "")
    assert not decide("1.0.0", ["i"]).affected


def test_ten_thousand_events_are_quick() -> None:
    flat = [part for n in range(10_000) for part in ("i", f"{n}.0.0", "f", f"{n}.5.0")]
    start = time.thread_time()
    assert decide("9999.4.0", flat).fixed == "9999.5.0"
    assert time.thread_time() - start < 20
