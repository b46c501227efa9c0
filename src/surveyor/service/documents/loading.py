"""How pages load, for reading: each metric with the range of its runs, on a line with its published bounds."""

from __future__ import annotations

from surveyor.scan.figures import Measured, Measurement, track, zone
from surveyor.scan.vocabulary import BANDS, ENGINES, METRICS, SOURCES, quantity
from surveyor.service.documents.sheet import MetricRow, PageLoad

_ORDER = {name: at for at, name in enumerate(METRICS)}
_CONDITIONS = {"devtools": "slow conditions applied", "simulate": "slow conditions computed"}
_ROWS, _TEXT = 12, 300


def told(one: Measurement) -> PageLoad:
    """A measurement for reading, real visits first."""
    engine = ENGINES.get(one.engine, one.engine)
    # most products say themselves which kind of engine they are
    known = "" if engine.lower() in one.product.lower() else engine
    about = (known, one.product, one.device, _CONDITIONS.get(one.throttling, ""))
    ordered = sorted(one.metrics, key=lambda metric: (metric.source != "field", _ORDER.get(metric.id, len(_ORDER))))
    return PageLoad(
        page=one.asset[:_TEXT],
        by=", ".join(part for part in about if part)[:_TEXT],
        rows=tuple(map(_row, ordered[:_ROWS])),
        notes=tuple(note[:_TEXT] for note in one.notes),
    )


def _row(metric: Measured) -> MetricRow:
    where = zone(metric)
    span = ""
    if metric.runs > 1 and metric.low is not None and metric.high is not None:
        span = f"{quantity(metric.id, metric.low)} to {quantity(metric.id, metric.high)} in {metric.runs} runs"
    return MetricRow(
        name=METRICS.get(metric.id, metric.id),
        value=quantity(metric.id, metric.value),
        range=span,
        source=SOURCES.get(metric.source, metric.source),
        band=where,
        word=BANDS.get(where, ""),
        track=track(metric),
    )
