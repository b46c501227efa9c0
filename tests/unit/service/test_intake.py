"""Bounds on what a child may report."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.model import Asset, Coverage, CoverageState
from surveyor.service.actions import intake

FALLBACK = Asset(type="url", value="http://a/")


def test_an_enormous_report_is_refused_unread() -> None:
    with pytest.raises(LimitExceeded):
        intake.read(b" " * (intake.REPORT_BYTES + 1))


def test_too_many_findings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FINDINGS", 2)
    finding = {"domain": "seo", "rule": "r", "title": "t", "severity": "low"}
    report = {
        "scanner": {},
        "target": {"kind": "web", "source": "s", "type": "url"},
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:00:00Z",
        "scan_status": "complete",
        "findings": [finding] * 3,
    }
    with pytest.raises(LimitExceeded):
        intake.read(orjson.dumps(report))
    report["findings"] = [finding] * 2
    (sighting,) = intake.sightings(intake.read(orjson.dumps(report)), FALLBACK)
    assert len(sighting.assets) == 2
    assert sighting.assets[0].value == "http://a/"


@pytest.mark.parametrize("value", [None, 1, b"x", [], {}])
def test_a_text_is_a_text(value: object) -> None:
    with pytest.raises(Malformed):
        intake.clean(value, 10)


@given(st.text(max_size=50), st.integers(1, 20))
def test_texts_are_cut_and_hold_no_nul(text: str, limit: int) -> None:
    cleaned = intake.clean(text, limit)
    assert len(cleaned) <= limit
    assert "\0" not in cleaned


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(1 << 63), (1 << 63) - 1) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=60,
)


@given(_json)
def test_scrubbed_json_can_be_stored(value: object) -> None:
    assert b"\\u0000" not in orjson.dumps(intake.scrub(value), default=str)


def test_coverage_beyond_the_bound_is_counted() -> None:
    entries = [Coverage(what="x", state=CoverageState.LOOKED)] * (intake.COVERAGE + 7)
    kept = intake.coverage(entries, "seo")
    assert len(kept) == intake.COVERAGE + 1
    assert (kept[-1]["reason"], kept[-1]["count"]) == ("limit_exceeded", 7)
    assert {entry["slot"] for entry in kept} == {"seo"}


def test_pictures_are_kept_whole_or_not_at_all() -> None:
    fine, long = "data:image/webp;base64,UklGRg==", "data:image/webp;base64," + "A" * intake.PICTURE
    seen = [fine, long, "javascript:a()", None, *[fine] * intake.PICTURES]
    finding = {
        "domain": "accessibility",
        "rule": "r",
        "title": "t",
        "severity": "low",
        "evidence": [{"kind": "element", "value": "<p>", "where": "p", "picture": picture} for picture in seen],
    }
    report = {
        "scanner": {},
        "target": {"kind": "web", "source": "s", "type": "url"},
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:00:00Z",
        "scan_status": "complete",
        "findings": [finding],
    }
    (sighting,) = intake.sightings(intake.read(orjson.dumps(report)), FALLBACK)
    pictures = [item.get("picture") for item in sighting.columns["evidence"]]
    assert pictures == [fine, None, None, None, *[fine] * (intake.PICTURES - 1), None]
