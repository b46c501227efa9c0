"""Who is named for which factor of a priority: the feed whose word decided, and who gave the score."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from surveyor.remedy.facts import feeds, spoken, weigh
from surveyor.scan.model import Cvss, Domain, Source
from tests import samples

SOURCES = (
    Source(feed="osv:npm", date=datetime(2026, 1, 1, tzinfo=UTC), rows=1),
    Source(feed="osv:Debian", date=datetime(2026, 1, 2, tzinfo=UTC), rows=1),
    Source(feed="debian", date=datetime(2026, 1, 3, tzinfo=UTC), rows=1),
    Source(feed="nvd", date=datetime(2026, 1, 4, tzinfo=UTC), rows=1),
    Source(feed="epss", date=datetime(2026, 1, 5, tzinfo=UTC), rows=1),
    Source(feed="kev", date=None, rows=1),
)


def test_a_feed_has_the_newest_date_of_its_parts() -> None:
    assert {name: fact.date for name, fact in feeds(SOURCES).items()} == {
        "osv": "2026-01-02T00:00:00+00:00",
        "debian": "2026-01-03T00:00:00+00:00",
        "nvd": "2026-01-04T00:00:00+00:00",
        "epss": "2026-01-05T00:00:00+00:00",
        "kev": None,
    }


@pytest.mark.parametrize(
    ("ruled_by", "rated_by", "severity", "fix"),
    [
        ("only:osv", None, ("osv", "02"), ("osv", "02")),
        ("vendor:debian", None, ("debian", "03"), ("debian", "03")),
        ("vendor:debian", "nvd@nist.gov", ("nvd@nist.gov", "04"), ("debian", "03")),
        ("only:osv", "PYSEC-1", ("PYSEC-1", "02"), ("osv", "02")),
        (None, None, ("debian", "03"), ("debian", "03")),
        ("only:gone", None, None, None),
    ],
)
def test_the_feed_that_decided_is_named_and_no_other(
    ruled_by: str | None, rated_by: str | None, severity: tuple[str, str] | None, fix: tuple[str, str] | None
) -> None:
    named = spoken(feeds(SOURCES), ruled_by, rated_by)
    for factor, expected in (("severity", severity), ("fix", fix)):
        fact = named.get(factor)
        told = (fact.source, (fact.date or "")[8:10]) if fact else None
        assert told == expected
    assert (named["epss"].source, named["kev"].source) == ("epss", "kev")


def test_a_finding_says_whose_word_its_fix_is() -> None:
    (first, *_) = [one for one in samples.full_report().findings if one.domain is Domain.VULNERABILITY]
    found = replace(first, ruled_by="only:osv", cvss=(Cvss(version="3.1", vector="x", score=9.0, source="GHSA-1"),))
    report = weigh(replace(samples.full_report(), findings=(found,), sources=SOURCES))
    priority = report.findings[0].priority
    assert priority is not None
    by_name = {factor.name: factor for factor in priority.factors}
    assert (by_name["severity"].source, by_name["severity"].date) == ("GHSA-1", "2026-01-02T00:00:00+00:00")
    assert by_name["fix"].source in {"osv", None}
