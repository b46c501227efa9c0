"""Lighthouse's result: read as its golden one is written, and never trusted to be."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.errors import Malformed
from surveyor.scan.figures import Device, Engine
from surveyor.scan.formats import lighthouse
from surveyor.scan.speed import Phases, Speed
from tests.fixtures.lighthouse import PAGE, result


def read(value: dict[str, Any]) -> Speed:
    return lighthouse.read(value, url=PAGE, by=Engine.LIGHTHOUSE, device=Device.MOBILE)


def test_metrics_score_and_conditions() -> None:
    speed = read(result())
    assert {metric.id: metric.value for metric in speed.metrics} == {
        "fcp": 1000, "lcp": 3000, "tbt": 100, "cls": 0.2, "si": 2000, "tti": 4000, "ttfb": 150,
    }  # fmt: skip
    assert (speed.score, speed.engine, speed.estimated) == (0.81, "Lighthouse 13.5.0", False)
    condition = speed.environment
    assert (condition.method, condition.latency, condition.down, condition.slowdown) == ("devtools", 562.5, 1474.56, 4)
    assert (condition.browser, condition.benchmark, condition.width) == ("Chrome/147.0.0.0", 1500, 412)
    assert speed.notes == ("The page may not be loading as expected.",)


def test_what_audits_tell_of_one_load() -> None:
    load = read(result()).load
    assert load is not None
    largest = load.largest
    assert largest is not None
    assert largest.place is not None
    assert (largest.place.where, largest.url, largest.lazy, largest.priority, largest.discoverable) == (
        "main > img", f"{PAGE}hero.jpg", True, "", False,
    )  # fmt: skip
    assert largest.phases == Phases(ttfb=150, load_delay=1000, load_duration=1500, render_delay=350)
    assert [(shift.score, shift.moved[0].place.where) for shift in load.shifts] == [(0.2, "div.banner")]
    # of the second task only what lies before the page answers counts, and 50 ms of all of it are free
    assert [(task.duration, task.blocking) for task in load.tasks] == [(150, 100), (200, pytest.approx(75))]
    assert load.scripts[0].blocking == pytest.approx(175)
    assert load.work == {"script": 320, "layout": 40}
    by_url = {one.url: one for one in load.resources}
    script, style = by_url[f"{PAGE}app.js"], by_url[f"{PAGE}site.css"]
    assert (script.kind, script.unused, script.third_party, style.blocking) == ("script", 72_000, False, True)
    assert (style.lifetime, by_url["https://ads.example/a.js"].third_party) == (3.6, True)
    (picture,) = load.pictures
    assert (picture.natural, picture.shown, picture.sized, picture.wasted) == (
        (2000, 1000), (400, 200), False, {"size": 250_000},
    )  # fmt: skip
    assert [(font.url, font.display) for font in load.fonts] == [(f"{PAGE}text.woff2", "auto")]
    assert [(one.domain, one.transfer, one.duration) for one in load.parties] == [("Ads", 90_000, 300)]
    assert (load.nodes, load.depth, load.children) == (900, 12, 40)
    assert [(one.name, one.size) for one in load.legacy or ()] == [(f"{PAGE}app.js", 9000)]
    assert load.duplicates == ()
    assert set(load.missed) == {"fold"}


def test_what_no_audit_tells_is_missed_and_nothing_else_is() -> None:
    value = result()
    del value["audits"]["unused-javascript"], value["audits"]["legacy-javascript-insight"]
    value["audits"]["font-display-insight"] = {"scoreDisplayMode": "error", "errorMessage": "no"}
    load = read(value).load
    assert load is not None
    assert set(load.missed) == {"fold", "unused.script", "fonts"}
    assert load.legacy is None


def test_what_failed_says_so() -> None:
    assert lighthouse.failure(result()) is None
    assert lighthouse.failure({"runtimeError": {"code": "NO_FCP"}}) == "NO_FCP"
    assert lighthouse.failure({"runtimeError": {"code": ["NO_FCP"] * 99}})
    with pytest.raises(Malformed):
        read({"audits": {"largest-contentful-paint": {"numericValue": True}}})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["items", "url", "node"]), inner),
    max_leaves=4,
)
_VALUE = result()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(_VALUE["audits"])), st.sampled_from(["details", "numericValue", "items", ""]), _JSON)
def test_any_value_anywhere_raises_only_our_error(audit: str, where: str, value: Any) -> None:
    changed = result()
    if where == "items":
        rows = changed["audits"][audit].get("details", {}).get("items")
        if isinstance(rows, list) and rows:
            for name in list(rows[0]):
                rows[0][name] = value
    elif where:
        changed["audits"][audit][where] = value
    else:
        changed["audits"][audit] = value
    assert read(changed).metrics


def test_lighthouses_own_golden_result(shared_dir: Path) -> None:
    speed = read(json.loads((shared_dir / "fixtures" / "psi" / "lighthouse_sample.json").read_bytes()))
    load = speed.load
    assert load is not None
    assert (speed.score, speed.engine, len(load.resources), len(load.pictures)) == (0.32, "Lighthouse 13.4.1", 28, 4)
    assert sum(task.blocking for task in load.tasks) == pytest.approx(1055.198)
    assert json.dumps(asdict(speed))
