"""Budgets: each bound raises at its edge and not before."""

from __future__ import annotations

import pytest

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.limits import MIB, Budget, Limits


def walk(budget: Budget) -> None:
    for _ in range(2048):
        budget.entry()


def test_entries() -> None:
    budget = Budget(Limits(entries=3))
    budget.entry(3)
    with pytest.raises(LimitExceeded, match="3 entries"):
        budget.entry()


def test_candidates() -> None:
    budget = Budget(Limits(candidates=1))
    budget.candidate()
    with pytest.raises(LimitExceeded, match="package files"):
        budget.candidate()


def test_inflated_bytes_are_shared_by_all_streams() -> None:
    budget = Budget(Limits(inflated_bytes=10))
    budget.inflate(6)
    with pytest.raises(LimitExceeded, match="after decompression"):
        budget.inflate(6)


def test_ratio_is_judged_once_a_stream_is_large_enough_to_matter() -> None:
    budget = Budget(Limits(ratio=100))
    budget.inflate(1000, consumed=1, total=1000)
    with pytest.raises(LimitExceeded, match="100:1"):
        budget.inflate(2 * MIB, consumed=1000, total=2 * MIB)


def test_seconds_are_noticed_while_walking() -> None:
    now = [0.0]
    budget = Budget(Limits(seconds=5), clock=lambda: now[0])
    budget.check_time()
    now[0] = 5.1
    with pytest.raises(LimitExceeded, match="5 s"):
        walk(budget)


def test_a_pass_ahead_counts_for_itself_and_ends_with_the_scan() -> None:
    now = 0.0
    budget = Budget(Limits(entries=10, seconds=5), clock=lambda: now)
    now = 4.0
    budget.ahead().entry(10)
    budget.entry(10)
    with pytest.raises(LimitExceeded, match="entries"):
        budget.ahead().entry(11)
    late = budget.ahead()
    now = 6.0
    with pytest.raises(LimitExceeded, match="5 s"):
        late.check_time()


def test_packages() -> None:
    budget = Budget(Limits(packages=1))
    budget.package()
    with pytest.raises(LimitExceeded):
        budget.package()
