"""The score of how a page loads: Lighthouse's curves to the last digit, and its name for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from surveyor.scan.figures import Device, Engine
from surveyor.scan.formats import lighthouse
from surveyor.scan.score import performance
from surveyor.scan.speed import Environment, Metric, Source, Speed
from tests.fixtures.lighthouse import PAGE, result

#: What Lighthouse 13.5's own function gives for values that it was asked about.
GIVEN = (
    ("fcp", "mobile", 8075.548006366937, 0.0),
    ("fcp", "mobile", 3716.8020946518045, 0.29),
    ("fcp", "mobile", 2555.0980580857554, 0.65),
    ("fcp", "mobile", 1800, 0.9),
    ("fcp", "desktop", 934, 0.9),
    ("fcp", "desktop", 1600, 0.5),
    ("lcp", "mobile", 1220, 1.0),
    ("lcp", "mobile", 4000, 0.5),
    ("lcp", "mobile", 10884.681, 0.0),
    ("lcp", "desktop", 2400, 0.5),
    ("tbt", "mobile", 0, 1.0),
    ("tbt", "mobile", 1055.198, 0.25),
    ("tbt", "desktop", 150, 0.9),
    ("cls", "mobile", 0.099576, 0.9),
    ("cls", "desktop", 0.25, 0.5),
    ("si", "mobile", 8296, 0.19),
    ("si", "desktop", 2300, 0.5),
)


@pytest.mark.parametrize(("metric", "device", "value", "expected"), GIVEN)
def test_curves_are_lighthouses(metric: str, device: str, value: float, expected: float) -> None:
    assert performance.CURVES[metric].score(value, Device(device)) == expected


def measured(**values: float) -> Speed:
    metrics = tuple(
        Metric(id=name, value=value, source=Source.LAB, low=value * 0.9, high=value * 1.2, runs=3)
        for name, value in values.items()
    )
    return Speed(url=PAGE, metrics=metrics, by=Engine.LAB, engine="Chromium 156")


ALL = {"fcp": 2000, "lcp": 3000, "tbt": 300, "cls": 0.05, "si": 4000}


def test_ours_is_an_estimate_with_the_range_of_its_runs() -> None:
    found = performance.score(PAGE, measured(**ALL))
    assert found is not None
    assert (found.profile, found.score, found.lowest, found.highest) == ("performance-estimate-1-mobile", 84, 75, 88)
    assert found.detail == "Estimate by Chromium 156 (mobile)."
    assert sum(test.modifier or 0 for test in found.tests) == pytest.approx(-15.6)  # 84.4 is 84
    assert {test.id: test.outcome for test in found.tests}["lcp"] == "needs_improvement"
    assert "3,000 ms (2,700 ms to 3,600 ms in 3 runs): 0.78 of 1" in (found.tests[1].detail or "")


def test_what_is_missing_is_told_and_weighs_nothing() -> None:
    without = {name: value for name, value in ALL.items() if name != "si"}
    found = performance.score(PAGE, measured(**without))
    assert found is not None
    assert found.score == 85
    assert "without Speed Index" in (found.detail or "")
    assert [test.id for test in found.tests if test.outcome == "not_looked"] == ["si"]
    field = Metric(id="lcp", value=1, source=Source.FIELD)
    assert performance.score(PAGE, Speed(url=PAGE, metrics=(field,))) is None


def test_only_lighthouses_own_number_has_its_name() -> None:
    speed = lighthouse.read(result(), url=PAGE, by=Engine.PSI, device=Device.MOBILE)
    own = performance.score(PAGE, speed)
    assert own is not None
    assert (own.profile, own.score, own.lowest, own.highest) == ("lighthouse-performance-mobile", 81, 81, 81)
    for other in (replace(speed, score=None), replace(speed, by=Engine.LAB)):
        found = performance.score(PAGE, other)
        assert found is not None
        assert "lighthouse" not in found.profile


def test_measurements_of_other_engines_devices_and_methods_are_other_series() -> None:
    speed = replace(measured(**ALL), environment=Environment(method="devtools"))
    told = performance.measurement(PAGE, speed)
    assert (told.series, told.metrics[0].low, told.metrics[0].runs) == ("lab-devtools-mobile", 1800, 3)
    others = (
        replace(speed, by=Engine.LIGHTHOUSE),
        replace(speed, device=Device.DESKTOP),
        replace(speed, environment=Environment(method="simulate")),
    )
    assert len({told.series, *(performance.measurement(PAGE, other).series for other in others)}) == 4
