"""How pages load, for reading: each metric with the range of its runs, on a line with its published bounds."""

from __future__ import annotations

from surveyor.scan.figures import Measured, Measurement
from surveyor.scan.vocabulary import ENGINES, METRICS, SOURCES, quantity
from surveyor.service.documents.sheet import MetricRow, PageLoad, Track

_ORDER = {name: at for at, name in enumerate(METRICS)}
_CONDITIONS = {"devtools": "slow conditions applied", "simulate": "slow conditions computed"}
_WORDS = {"good": "good", "middling": "needs improvement", "poor": "poor"}
#: How much of a line is left behind its last bound, or behind the slowest run where that is further.
_BEYOND, _EDGE = 1.5, 1.05
_ROWS, _TEXT = 12, 300


def told(one: Measurement) -> PageLoad:
    """A measurement for reading, real visits first."""
    about = (ENGINES.get(one.engine, one.engine), one.product, one.device, _CONDITIONS.get(one.throttling, ""))
    ordered = sorted(one.metrics, key=lambda metric: (metric.source != "field", _ORDER.get(metric.id, len(_ORDER))))
    return PageLoad(
        page=one.asset[:_TEXT],
        by=", ".join(part for part in about if part)[:_TEXT],
        rows=tuple(map(_row, ordered[:_ROWS])),
        notes=tuple(note[:_TEXT] for note in one.notes),
    )


def _row(metric: Measured) -> MetricRow:
    band = band_of(metric)
    span = ""
    if metric.runs > 1 and metric.low is not None and metric.high is not None:
        span = f"{quantity(metric.id, metric.low)} to {quantity(metric.id, metric.high)} in {metric.runs} runs"
    return MetricRow(
        name=METRICS.get(metric.id, metric.id),
        value=quantity(metric.id, metric.value),
        range=span,
        source=SOURCES.get(metric.source, metric.source),
        band=band,
        word=_WORDS.get(band, ""),
        track=track(metric),
    )


def band_of(metric: Measured) -> str:
    """``good``, ``middling`` or ``poor`` by its bounds; empty where it has none."""
    if metric.good is None or metric.poor is None:
        return ""
    return "good" if metric.value <= metric.good else "middling" if metric.value <= metric.poor else "poor"


def track(metric: Measured) -> Track | None:
    """A metric on its line; nothing where nobody published how much is good."""
    if metric.good is None or metric.poor is None or metric.poor <= 0:
        return None
    low = metric.value if metric.low is None else metric.low
    high = metric.value if metric.high is None else metric.high
    end = max(metric.poor * _BEYOND, high * _EDGE, metric.value * _EDGE)

    def part(value: float) -> float:
        return round(min(max(value / end, 0.0), 1.0), 4)

    return Track(good=part(metric.good), poor=part(metric.poor), at=part(metric.value), low=part(low), high=part(high))
