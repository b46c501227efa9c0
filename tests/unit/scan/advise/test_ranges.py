"""OSV's rules on one version: events in order, lists, unions, and what cannot be ordered."""

from __future__ import annotations

import time

import pytest

from surveyor.scan.advise.ranges import Keys, Verdict, judge
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
