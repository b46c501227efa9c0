"""One metric against its published bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.figures import Device
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.speed import Load, Metric, Source, Speed

#: One run in a laboratory varies by a tenth and more; several do not, and the 75th percentile of visits hardly.
_ONE_RUN, _RUNS = 0.7, 0.9

#: Good up to, poor above.
Bounds = tuple[float, float]
Read = Callable[[Speed], Metric | None]
Causes = Callable[[Load], Iterable[Evidence]]


def check(
    metric: str,
    bounds: Bounds,
    *,
    desktop: Bounds | None = None,
    read: Read | None = None,
    causes: Causes | None = None,
) -> Check:
    """A check that ``metric`` is good; units are the metric's.

    ``desktop`` are bounds of a laboratory's desktop; ``read`` gives what is judged, where that is not the metric as it
    is; ``causes`` what of the load explains it.
    """
    found_in: Read = read or (lambda speed: speed.metric(metric))

    def bounds_of(speed: Speed, found: Metric) -> Bounds:
        own = speed.device is Device.DESKTOP and found.source == Source.LAB
        return desktop if own and desktop is not None else bounds

    def judge(speed: Speed) -> Iterable[Outcome]:
        """Real visits decide when there are some, the laboratory otherwise; all of it is evidence."""
        found = found_in(speed)
        if found is None:
            return
        good, poor = bounds_of(speed, found)
        if found.value - good <= found.spread:
            return  # it is good, or the runs are further apart than it is from good
        yield Outcome(
            key="poor" if found.value - poor > found.spread else "needs_improvement",
            evidence=(
                *_values(speed, found),
                *(causes(speed.load) if causes and speed.load else ()),
                *_grounds(speed, found, (good, poor)),
            ),
            confidence=_confidence(found),
        )

    def doubt(speed: Speed) -> str | None:
        """A median that is not good proves nothing good, however far apart the runs are."""
        found = found_in(speed)
        if found is None or found.value <= (good := bounds_of(speed, found)[0]):
            return None
        return f"{text(found)} is over {good:g}, but the runs are further apart than that"

    return Check(
        id=f"performance_{metric}",
        version=2,
        domain=Domain.PERFORMANCE,
        outcomes=("poor", "needs_improvement"),
        needs=Needs.SPEED,
        speed=judge,
        doubt=doubt,
        parts=(metric,),
    )


def _confidence(metric: Metric) -> float | None:
    if metric.source == Source.FIELD:
        return None
    return _ONE_RUN if metric.runs == 1 else _RUNS


def _values(speed: Speed, judged: Metric) -> tuple[Evidence, ...]:
    """What was measured; where reports have room for little, it stands before its causes and they before the rest."""
    return tuple(
        Evidence(kind="metric", where=f"{found.id} ({found.source})", value=text(found))
        for found in speed.metrics
        if found.id == judged.id
    )


def _grounds(speed: Speed, judged: Metric, bounds: Bounds) -> Iterable[Evidence]:
    good, poor = bounds
    yield Evidence(kind="threshold", where=judged.id, value=f"good up to {good:g}, poor above {poor:g}")
    if speed.engine:
        yield Evidence(kind="source", where="engine", value=f"{speed.engine}, {speed.device}")


def text(metric: Metric) -> str:
    """A metric for people: the median, and how far the runs reach where there are several."""
    if metric.runs == 1 or metric.low is None or metric.high is None:
        return number(metric.id, metric.value)
    return f"{number(metric.id, metric.value)} ({number(metric.id, metric.low)} to {number(metric.id, metric.high)})"


def number(metric: str, value: float) -> str:
    """A value of a metric, with its unit where it has one."""
    return f"{value:.3f}" if metric == "cls" else f"{value:,.0f} ms"
