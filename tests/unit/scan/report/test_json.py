"""The JSON report: what goes in comes out, and what is no report is refused in one sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from surveyor.scan.errors import Malformed
from surveyor.scan.figures import NOT_LOOKED, Score, ScoreTest
from surveyor.scan.report import json as report_json
from tests.samples import full_report


def test_a_report_survives_the_round_trip() -> None:
    report = full_report()
    assert report_json.decode(report_json.encode(report)) == report


def test_the_top_level_is_the_published_one() -> None:
    assert list(orjson.loads(report_json.encode(full_report()))) == [
        "scanner",
        "target",
        "started_at",
        "finished_at",
        "scan_status",
        "coverage",
        "sources",
        "packages",
        "findings",
        "upgrades",
        "decisions",
        "rulings",
        "scores",
        "measurements",
        "summary",
        "error",
        "schema_version",
    ]


def test_times_are_utc_with_a_z() -> None:
    told = orjson.loads(report_json.encode(full_report()))["started_at"]
    assert told.endswith("Z")
    assert datetime.fromisoformat(told).tzinfo == UTC


def test_unknown_fields_of_a_newer_scanner_are_ignored() -> None:
    data = orjson.loads(report_json.encode(full_report()))
    data["new_field"] = 1
    data["findings"][0]["new_field"] = {"a": 1}
    assert report_json.decode(orjson.dumps(data)) == full_report()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"target": 1}', b"null", b'"x"'])
def test_refuses_what_is_no_report(text: bytes) -> None:
    with pytest.raises(Malformed, match="not a Surveyor report"):
        report_json.decode(text)


def test_a_score_and_its_tests_survive_the_round_trip() -> None:
    tests = (
        ScoreTest(id="a", title="A", outcome="a-missing", modifier=-25.0, detail="No A was sent."),
        ScoreTest(id="b", title="B", outcome=NOT_LOOKED),
    )
    score = Score(scanner="security", profile="p", asset="https://a.example/", lowest=5, highest=75, tests=tests)
    report = replace(full_report(), scores=(score,))
    assert report_json.decode(report_json.encode(report)) == report


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema_version",), 1),
        (("findings",), {}),
        (("findings", 0, "title"), None),
        (("findings", 0, "title"), 5),
        (("findings", 0, "confidence"), True),
        (("findings", 0, "epss"), "0.5"),
        (("findings", 0, "ids"), "CVE-1"),
        (("findings", 0, "ids"), [1]),
        (("findings", 0, "severity"), "bad"),
        (("findings", 0, "assets"), [None]),
        (("summary", "findings"), {"high": "1"}),
        (("started_at",), 1),
        (("started_at",), "yesterday"),
        (("scanner",), []),
    ],
)
def test_refuses_a_value_of_another_type(place: tuple[str | int, ...], value: object) -> None:
    data = orjson.loads(report_json.encode(full_report()))
    held = data
    for step in place[:-1]:
        held = held[step]
    held[place[-1]] = value
    with pytest.raises(Malformed, match="not a Surveyor report"):
        report_json.decode(orjson.dumps(data))


def test_a_time_without_its_zone_is_utc() -> None:
    data = orjson.loads(report_json.encode(full_report())) | {"started_at": "2026-01-01T00:00:00"}
    assert report_json.decode(orjson.dumps(data)).started_at == datetime(2026, 1, 1, tzinfo=UTC)
