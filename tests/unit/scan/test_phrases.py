"""What is said of flaws and feeds: every rule and state has words, and no number says more than is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.scan import phrases
from surveyor.scan.advise.feeds import FEEDS
from surveyor.scan.advise.record import State

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("state", ["not_fixed", "unknown", *(s.value for s in State if s.value != "not_affected")])
def test_every_reason_for_no_fix_has_words(state: str) -> None:
    assert phrases.unfixed(state)
    assert "_" not in phrases.unfixed(state)
    assert not state or phrases.why_unfixed(state).endswith(".")


def test_every_feed_has_a_name_for_people() -> None:
    assert {feed.id for feed in FEEDS} <= phrases._FEEDS.keys()
    assert phrases.feed("osv:Debian") == "OSV (Debian)"
    assert phrases.feed("OSV") == "OSV"
    assert phrases.feed("own:x:y") == "own (x:y)"


@pytest.mark.parametrize("rule", ["only", "agree", "vendor", "any"])
def test_every_ruling_has_words(rule: str) -> None:
    assert "Red Hat" in phrases.ruled(f"{rule}:redhat")


@pytest.mark.parametrize("by", [None, "", "only", "only:", "x:redhat", "{}:{}", ":"])
def test_no_ruling_has_none(by: str | None) -> None:
    assert phrases.ruled(by) == ""


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (0, "0.0%"),
        (0.00042, "under 0.1%"),
        (0.0123, "1.2%"),
        (0.94321, "94%"),
        (0.9961, "99.6%"),
        (0.99999, "99.9%"),
        (1, "100%"),
    ],
)
def test_a_likelihood_is_neither_nothing_nor_certain(score: float, told: str) -> None:
    assert phrases.likelihood(score) == told


@given(st.floats(0, 1))
def test_nothing_is_higher_than_all(value: float) -> None:
    said = float(phrases.percentile(value).removeprefix("higher than ").partition("%")[0])
    assert said <= min(value * 100 + 1e-9, 99.9)


@pytest.mark.parametrize(
    ("hours", "told"), [(-48, "today"), (0, "today"), (23, "today"), (24, "1 day old"), (2400, "100 days old")]
)
def test_an_age_is_in_days(hours: int, told: str) -> None:
    assert phrases.age(NOW - timedelta(hours=hours), NOW) == told


def test_what_nobody_looked_up_is_not_called_exploited() -> None:
    told = [phrases.exploited(listed, ransomware=True) for listed in (None, False, True)]
    assert told == ["", "", "exploited (KEV, ransomware)"]
