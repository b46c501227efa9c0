"""Which engine measures, and what becomes of it when one cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from surveyor.scan import engine
from surveyor.scan.engine import speed
from surveyor.scan.errors import Declined, NotConfigured
from surveyor.scan.events import Event, Progress
from surveyor.scan.figures import Engine
from surveyor.scan.gather import Errand, Gatherer
from surveyor.scan.model import CoverageState, Report, ScanStatus
from surveyor.scan.plan import Request, plan
from surveyor.scan.settings import AllowedHost, Settings
from surveyor.scan.speed import Load, Metric, Resource, Speed
from tests.servers.psi import Psi

PAGE = "https://shop.example/"
LABORATORY = {"browser": "/usr/bin/chromium"}


@pytest.mark.parametrize(
    ("changes", "engines"),
    [
        ({}, ()),
        ({"psi_key": "k"}, (Engine.PSI,)),
        (LABORATORY, (Engine.LAB,)),
        ({"psi_key": "k", **LABORATORY}, (Engine.PSI, Engine.LAB)),
        ({"psi_key": "k", "offline": True, **LABORATORY}, (Engine.LAB,)),
        ({"psi_key": "k", "performance_engine": Engine.LIGHTHOUSE, **LABORATORY}, (Engine.LIGHTHOUSE,)),
        ({"lighthouse": ("/opt/lighthouse",)}, ()),
        # Google is not told of a page that only our operator lets us reach
        ({"psi_key": "k", "allow_hosts": (AllowedHost(host="shop.example"),), **LABORATORY}, (Engine.LAB,)),
        ({"psi_key": "k", "allow_hosts": (AllowedHost(host="shop.example"),)}, (Engine.PSI,)),
    ],
)
def test_the_best_engine_that_is_set_up_measures(
    changes: dict[str, Any], engines: tuple[Engine, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory(monkeypatch)
    assert speed.chosen(Settings(**changes), PAGE) == engines


def laboratory(monkeypatch: pytest.MonkeyPatch, gather: Callable[[Errand], Speed] | None = None) -> list[float]:
    """A laboratory that needs no browser; the seconds that each errand had left."""
    left: list[float] = []

    def measure(errand: Errand) -> Speed:
        left.append(errand.left)
        if gather is not None:
            return gather(errand)
        metrics = (Metric(id="lcp", value=5000, source="lab", low=4900, high=5100, runs=3),)
        return Speed(url=errand.url, metrics=metrics, by=Engine.LAB, engine="Chromium 1", load=Load())

    monkeypatch.setitem(speed.ENGINES, Engine.LAB, Gatherer(id="lab", version=1, gather=measure))
    return left


def scan(psi: Psi | None, **changes: Any) -> tuple[Report, list[Event]]:
    events: list[Event] = []
    known = {} if psi is None else {"psi_key": psi.key, "psi_base": psi.base}
    request = Request(kind=plan(PAGE).kind, source=PAGE, slots=("performance",))
    return engine.run(request, Settings(**{**LABORATORY, **known, **changes}), Progress(events.append)), events


def test_a_spent_quota_hands_over_to_the_laboratory_and_is_told(psi: Psi, monkeypatch: pytest.MonkeyPatch) -> None:
    left = laboratory(monkeypatch)
    psi.failures, psi.message = [429], "Queries per day"
    report, events = scan(psi)
    told = {entry.what: entry for entry in report.coverage}
    assert (told["gather.psi"].state, told["gather.psi"].reason) == (CoverageState.SKIPPED, "declined")
    assert "measured by the engine lab instead" in (told["gather.psi"].detail or "")
    assert told["slot.performance"].state is CoverageState.LOOKED
    assert "by Chromium 1 (lab, mobile)" in (told["slot.performance"].detail or "")
    assert report.scan_status is ScanStatus.COMPLETE
    (measured,) = report.measurements
    assert (measured.engine, measured.series, measured.metrics[0].high) == ("lab", "lab-mobile", 5100)
    (score,) = report.scores
    assert score.profile == "performance-estimate-1-mobile"
    assert [event.data["engine"] for event in events if event.stage == "performance.engine"] == ["psi", "lab"]
    assert left[0] > 50


def test_a_laboratory_is_left_time_when_google_takes_long(psi: Psi, monkeypatch: pytest.MonkeyPatch) -> None:
    laboratory(monkeypatch)
    seen: list[float] = []

    def gather(errand: Errand) -> Speed:
        seen.append(errand.left)
        raise Declined("slow")

    monkeypatch.setitem(speed.ENGINES, Engine.PSI, Gatherer(id="psi", version=1, gather=gather))
    scan(psi)
    assert 25 < seen[0] < 31
    scan(psi, browser=None)
    assert seen[1] > 50


def test_an_engine_that_was_chosen_is_not_replaced(psi: Psi, monkeypatch: pytest.MonkeyPatch) -> None:
    left = laboratory(monkeypatch)
    psi.failures, psi.message = [429], "Queries per day"
    report, _ = scan(psi, performance_engine=Engine.PSI)
    (entry,) = report.coverage
    assert (entry.state, entry.reason, left) == (CoverageState.FAILED, "declined", [])


def test_without_any_engine_it_is_not_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    report, _ = scan(None, browser=None)
    (entry,) = report.coverage
    assert (entry.state, report.scan_status) == (CoverageState.NOT_CONFIGURED, ScanStatus.FAILED)
    assert "SURVEYOR_PSI_KEY" in (entry.detail or "")
    assert "SURVEYOR_CHROMIUM" in (entry.detail or "")

    def gather(errand: Errand) -> Speed:
        raise NotConfigured("no")

    laboratory(monkeypatch, gather)
    assert scan(None)[0].coverage[0].state is CoverageState.NOT_CONFIGURED


def test_what_was_measured_in_part_is_told() -> None:
    assert not speed.told(Speed(url=PAGE, metrics=()), "lcp")
    load = Load(missed={"unused.script": "x", "fonts": "y"}, resources=(Resource(url=PAGE, kind="document"),))
    known = Speed(url=PAGE, metrics=(Metric(id="lcp", value=1, source="lab"),), load=load)
    parts = ("lcp", "cls", "resources", "blocking", "fonts", "unused.script", "unused.stylesheet", "legacy", "nodes")
    assert [part for part in parts if speed.told(known, part)] == ["lcp", "resources", "blocking", "unused.stylesheet"]
