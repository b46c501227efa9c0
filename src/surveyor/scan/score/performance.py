"""How fast a page loads as one number: log-normal curves and weights as Lighthouse 10 to 13 publish them.

A metric's score is where its value stands among pages as a log-normal distribution has them: 0.9 at ``p10``, 0.5 at
``median`` (lighthouse/shared/statistics.js). Only Lighthouse's own number is called its score; made of other
measurements by the same curves it is an estimate of ours, and says which metrics it lacks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from surveyor.scan.figures import NOT_LOOKED, Device, Engine, Measured, Measurement, Score, ScoreTest
from surveyor.scan.model import Domain
from surveyor.scan.speed import Metric, Source, Speed
from surveyor.scan.vocabulary import METRICS

#: Lighthouse's own word, and ours by its curves.
LIGHTHOUSE, ESTIMATE = "lighthouse-performance", "performance-estimate-1"
GOOD, MIDDLING = 0.9, 0.5
#: Where a complementary error function is a fifth: it puts ``p10`` at 0.9.
_FIFTH = 0.9061938024368232
_UNIT = {"cls": 3}


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric's weight in a hundred, and its curve by device: the values that score 0.9 and 0.5."""

    weight: int
    mobile: tuple[float, float]
    desktop: tuple[float, float]

    def score(self, value: float, device: Device) -> float:
        """0..1, to two decimals."""
        return curve(value, *(self.desktop if device is Device.DESKTOP else self.mobile))


CURVES = {
    "fcp": Curve(10, (1800, 3000), (934, 1600)),
    "lcp": Curve(25, (2500, 4000), (1200, 2400)),
    "tbt": Curve(30, (200, 600), (150, 350)),
    "cls": Curve(25, (0.1, 0.25), (0.1, 0.25)),
    "si": Curve(10, (3387, 5800), (1311, 2300)),
}
#: Of real visits at the 75th percentile: good up to, poor above (web.dev, "Web Vitals").
FIELD = {"lcp": (2500, 4000), "cls": (0.1, 0.25), "inp": (200, 500), "fcp": (1800, 3000), "ttfb": (800, 1800)}


def curve(value: float, p10: float, median: float) -> float:
    """Where a value stands: 0.9 and above up to ``p10``, 0.5 and above up to ``median``; two decimals, rounded down."""
    if value <= 0:
        return 1.0
    distance = math.log(value / median) * _FIFTH / -math.log(p10 / median)
    share = (1 - math.erf(distance)) / 2
    if value <= p10:
        share = max(GOOD, share)
    elif value <= median:
        share = min(max(MIDDLING, share), 0.8999999999999999)
    else:
        share = min(share, 0.4999999999999999)
    if share > GOOD:
        share += 0.05 * (share - GOOD)  # Lighthouse's boost: without it hardly anything would be 1
    return math.floor(share * 100) / 100


def score(asset: str, speed: Speed) -> Score | None:
    """The score of what a laboratory measured; nothing where it measured nothing that counts."""
    lab = {metric.id: metric for metric in speed.metrics if metric.source == Source.LAB and metric.id in CURVES}
    if not lab:
        return None
    own = speed.by is not Engine.LAB and speed.score is not None
    known = round((speed.score or 0) * 100) if own else _weighed(lab, speed.device, lambda metric: metric.value)
    lowest = known if own else _weighed(lab, speed.device, lambda metric: _else(metric.high, metric.value))
    highest = known if own else _weighed(lab, speed.device, lambda metric: _else(metric.low, metric.value))
    weight = sum(CURVES[name].weight for name in lab)
    return Score(
        scanner=Domain.PERFORMANCE,
        profile=f"{LIGHTHOUSE if own else ESTIMATE}-{speed.device}",
        asset=asset,
        score=known,
        lowest=min(lowest, known),
        highest=max(highest, known),
        tests=tuple(_test(name, lab.get(name), speed.device, weight) for name in CURVES),
        detail=None if own else _detail(speed, [METRICS[name] for name in CURVES if name not in lab]),
    )


def measurement(asset: str, speed: Speed) -> Measurement:
    """The same measurement as reports tell it."""
    requests, transfer = dict[str, int](), dict[str, int]()
    for one in speed.load.resources if speed.load else ():
        kind = one.kind or "other"
        requests[kind] = requests.get(kind, 0) + 1
        transfer[kind] = transfer.get(kind, 0) + (one.transfer or 0)
    method = speed.environment.method
    return Measurement(
        asset=asset,
        engine=speed.by,
        product=speed.engine,
        device=speed.device,
        series="-".join(part for part in (speed.by.value, method, speed.device.value) if part),
        throttling=method,
        benchmark=speed.environment.benchmark,
        metrics=tuple(_measured(metric, speed.device) for metric in speed.metrics),
        requests=requests,
        transfer=transfer,
        notes=speed.notes,
    )


def _measured(metric: Metric, device: Device) -> Measured:
    known = CURVES.get(metric.id) if metric.source == Source.LAB else None
    digits = _UNIT.get(metric.id, 1)
    good, poor = _bounds(metric, device)
    return Measured(
        id=metric.id,
        value=round(metric.value, digits),
        source=metric.source,
        low=None if metric.low is None else round(metric.low, digits),
        high=None if metric.high is None else round(metric.high, digits),
        runs=metric.runs,
        score=None if known is None else known.score(metric.value, device),
        good=good,
        poor=poor,
    )


def _bounds(metric: Metric, device: Device) -> tuple[float, float] | tuple[None, None]:
    """Where it is good and where poor; a laboratory's have those of their curves, and INP its own, or none."""
    if metric.source != Source.LAB or metric.id == "inp":
        return FIELD.get(metric.id, (None, None))
    known = CURVES.get(metric.id)
    return (None, None) if known is None else known.desktop if device is Device.DESKTOP else known.mobile


def _weighed(lab: Mapping[str, Metric], device: Device, value: Callable[[Metric], float]) -> int:
    """The weighted mean of what is there, 0..100."""
    weight = sum(CURVES[name].weight for name in lab)
    total = sum(CURVES[name].weight * CURVES[name].score(value(metric), device) for name, metric in lab.items())
    return int(100 * total / weight + 0.5)


def _else(value: float | None, other: float) -> float:
    return other if value is None else value


def _test(name: str, metric: Metric | None, device: Device, weight: int) -> ScoreTest:
    if metric is None:
        return ScoreTest(id=name, title=METRICS[name], outcome=NOT_LOOKED)
    reached = CURVES[name].score(metric.value, device)
    lost = CURVES[name].weight * (1 - reached) * 100 / weight
    return ScoreTest(
        id=name,
        title=METRICS[name],
        outcome="good" if reached >= GOOD else "needs_improvement" if reached >= MIDDLING else "poor",
        modifier=-round(lost, 1) or 0.0,
        detail=f"{_text(name, metric)}: {reached:.2f} of 1, {CURVES[name].weight} % of the score",
    )


def _text(name: str, metric: Metric) -> str:
    def number(value: float) -> str:
        return f"{value:.3f}" if name == "cls" else f"{value:,.0f} ms"

    if metric.runs == 1 or metric.low is None or metric.high is None:
        return number(metric.value)
    return f"{number(metric.value)} ({number(metric.low)} to {number(metric.high)} in {metric.runs} runs)"


def _detail(speed: Speed, lacking: list[str]) -> str:
    rest = f" without {', '.join(lacking)}, which was not measured: the weights of the others stand for it"
    return f"Estimate by {speed.engine or speed.by} ({speed.device}){rest if lacking else ''}."
