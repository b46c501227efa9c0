"""How a scan's pages load: what was measured by whom, and how it has been in the scans before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from surveyor.scan.figures import Measured, Track, track, zone
from surveyor.scan.vocabulary import ENGINES, METRICS, SOURCES, quantity
from surveyor.service.actions import slots
from surveyor.service.actions.trends import Trend
from surveyor.service.store.scans import Scan

_ORDER = {name: at for at, name in enumerate(METRICS)}
_BANDS = ((0.9, "good"), (0.5, "middling"), (0.0, "poor"))
_CONDITIONS = {
    "devtools": "slow conditions applied",
    "simulate": "slow conditions computed",
    "provided": "conditions as they are",
}
_PAGES, _TEXT = 20, 300
#: A small chart: its drawing in its own units, with room for a point at each end.
_WIDTH, _HEIGHT, _EDGE = 120.0, 28.0, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One trend as a line: points of ``line``, the range of the runs as a closed ``area``, where the last one is."""

    line: str
    area: str
    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricView:
    """One metric: its value, the range of its runs, who measured it; ``band`` and ``track`` where it has bounds."""

    name: str
    value: str
    span: str
    source: str
    band: str
    track: Track | None
    chart: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementView:
    """One page as one engine measured it."""

    asset: str
    engine: str
    about: str
    weight: str
    metrics: tuple[MetricView, ...]
    notes: tuple[str, ...]


def measurements(run: Scan, trends: Sequence[Trend] = ()) -> tuple[MeasurementView, ...]:
    """What the summary of a run holds of how pages load, with the trends that end there."""
    told = run.summary.get(slots.MEASUREMENTS)
    lines = {(one.asset, one.series, one.source, one.metric): one for one in trends}
    listed = told if isinstance(told, list) else []
    return tuple(_view(one, lines) for one in listed[:_PAGES] if isinstance(one, dict))


def _view(one: dict[str, Any], lines: Mapping[tuple[str, str, str, str], Trend]) -> MeasurementView:
    device, method = str(one["device"]), str(one["throttling"])
    conditions = _CONDITIONS.get(method, method)
    about = ", ".join(part for part in (str(one["product"])[:_TEXT], device, conditions) if part)
    metrics = sorted(one["metrics"], key=lambda metric: (metric["source"] != "field", _ORDER.get(metric["id"], 99)))
    place = str(one["asset"]), str(one["series"])
    return MeasurementView(
        asset=place[0],
        engine=ENGINES.get(one["engine"], str(one["engine"])),
        about=about,
        weight=_weight(one),
        metrics=tuple(_metric(metric, lines.get((*place, metric["source"], metric["id"]))) for metric in metrics),
        notes=tuple(str(note)[:_TEXT] for note in one["notes"]),
    )


def _metric(metric: dict[str, Any], trend: Trend | None) -> MetricView:
    name, score = metric["id"], metric["score"]
    ranged = metric["runs"] > 1 and metric["low"] is not None and metric["high"] is not None
    span = (
        f"{quantity(name, metric['low'])} to {quantity(name, metric['high'])} in {metric['runs']} runs"
        if ranged
        else ""
    )
    bounded = Measured(
        id=name,
        value=metric["value"],
        source=metric["source"],
        low=metric["low"],
        high=metric["high"],
        good=metric.get("good"),
        poor=metric.get("poor"),
    )
    # what was measured before bounds were kept has a score, if it is a laboratory's
    where = zone(bounded) or ("" if score is None else next(word for least, word in _BANDS if score >= least))
    return MetricView(
        name=METRICS.get(name, str(name)),
        value=quantity(name, metric["value"]),
        span=span,
        source=SOURCES.get(metric["source"], str(metric["source"])),
        band=where,
        track=track(bounded),
        chart=None if trend is None or len(trend.points) < 2 else chart(trend),
    )


def _weight(one: dict[str, Any]) -> str:
    transfer, requests = sum(one["transfer"].values()), sum(one["requests"].values())
    if not requests:
        return ""
    kinds = sorted(one["transfer"].items(), key=lambda item: -item[1])[:4]
    parts = ", ".join(f"{kind} {_bytes(size)}" for kind, size in kinds if size)
    return f"{requests:,} requests, {_bytes(transfer)}: {parts}"


def chart(trend: Trend) -> Chart:
    """A trend in its own units: time runs by runs, not by days, since scans come when somebody asks for them."""
    top = max(point.high for point in trend.points) or 1.0
    step = (_WIDTH - 2 * _EDGE) / (len(trend.points) - 1)

    def at(index: int, value: float) -> str:
        return f"{_EDGE + index * step:.1f},{_y(value, top):.1f}"

    above = [at(index, point.high) for index, point in enumerate(trend.points)]
    below = [at(index, point.low) for index, point in enumerate(trend.points)]
    first, last = trend.points[0], trend.points[-1]
    return Chart(
        line=" ".join(at(index, point.value) for index, point in enumerate(trend.points)),
        area=" ".join([*above, *reversed(below)]),
        x=_WIDTH - _EDGE,
        y=round(_y(last.value, top), 1),
        label=f"{len(trend.points)} scans, from {quantity(trend.metric, first.value)} on {first.at:%-d %b %Y}"
        f" to {quantity(trend.metric, last.value)}",
    )


def _y(value: float, top: float) -> float:
    return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * value / top


def _bytes(size: int) -> str:
    if size < 1 << 10:
        return f"{size} B"
    return f"{size / (1 << 20):,.1f} MiB" if size >= 1 << 20 else f"{size / 1024:,.0f} KiB"
