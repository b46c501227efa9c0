"""How pages load, on a scan's page: who measured what, its range, and the scans before."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from surveyor.service.actions import intake, slots
from surveyor.service.actions.trends import Point, Trend
from surveyor.service.store.scans import Scan
from surveyor.service.ui.loading import measurements
from surveyor.service.ui.render import fragment
from tests.samples import HOSTILE, hostile_report, measurement

PAGE, NOW = "https://shop.test/", datetime(2026, 11, 21, tzinfo=UTC)


def scan(*told: Any) -> Scan:
    return Scan(
        id=uuid4(),
        team_id=uuid4(),
        project_id=uuid4(),
        kind="web",
        status="done",
        trigger="manual",
        url=PAGE,
        artifact_id=None,
        name=None,
        inserted_at=NOW,
        updated_at=NOW,
        summary={slots.MEASUREMENTS: intake.measurements(told)} if told else {},
    )


def trend(*values: float, series: str = "lab-devtools-mobile") -> Trend:
    points = tuple(Point(scan_id=uuid4(), at=NOW, value=value, low=value / 2, high=value) for value in values)
    return Trend(asset=PAGE, series=series, source="lab", metric="lcp", points=points)


def test_metrics_have_range_engine_and_source_and_real_visits_come_first() -> None:
    (view,) = measurements(scan(measurement(PAGE)))
    assert (view.engine, view.about) == ("Laboratory", "Chrome/156, mobile, slow conditions applied")
    assert view.weight == "4 requests, 2.3 MiB: image 2.3 MiB, document 20 KiB"
    told = [(one.name, one.value, one.span, one.source, one.band) for one in view.metrics]
    assert told == [
        ("Interaction to Next Paint", "180 ms", "", "real visits", ""),
        ("Largest Contentful Paint", "3.1 s", "3.0 s to 3.3 s in 3 runs", "laboratory", "middling"),
        ("Cumulative Layout Shift", "0.010", "0.010 to 0.010 in 3 runs", "laboratory", "good"),
    ]
    assert measurements(scan()) == ()


def test_a_trend_is_drawn_beside_the_metric_of_its_own_series_only() -> None:
    (view,) = measurements(scan(measurement(PAGE)), [trend(4000, 2000), trend(1, 2, series="psi-simulate-mobile")])
    charts = {one.name: one.chart for one in view.metrics if one.chart}
    (chart,) = charts.values()
    assert list(charts) == ["Largest Contentful Paint"]
    assert chart.line == "3.0,3.0 117.0,14.0"
    assert chart.area == "3.0,3.0 117.0,14.0 117.0,19.5 3.0,14.0"
    assert chart.label == "2 scans, from 4.0 s on 21 Nov 2026 to 2.0 s"
    # one scan is no trend, and nothing is 0 s high
    (view,) = measurements(scan(measurement(PAGE)), [trend(4000)])
    assert not any(one.chart for one in view.metrics)
    (view,) = measurements(scan(measurement(PAGE)), [trend(0, 0)])
    assert [one.chart.y for one in view.metrics if one.chart] == [25.0]


def test_what_a_page_is_called_is_text_on_ours() -> None:
    hostile = hostile_report().measurements
    html = fragment("_loading.html", loading=measurements(scan(*hostile), [trend(1, 2)]))
    assert "<script>" not in html
    assert HOSTILE[:5] not in html or "&lt;script&gt;" in html
    whole = fragment("_loading.html", loading=measurements(scan(measurement(PAGE)), [trend(1, 2)]))
    assert '<polyline points="3.0,' in whole
    assert "needs improvement" in whole
    # where on the line from good to poor its median is: 3120 of 6000
    assert '<line x1="52.00%"' in whole
    assert fragment("_loading.html", loading=()) == ""
    assert asdict(measurement(PAGE))["device"] == "mobile"
