"""One metric against its published bounds."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.speed import Metric, Speed

#: One run in a laboratory varies by a tenth and more; the 75th percentile of real visits does not.
_LAB_CONFIDENCE = 0.7


def check(metric: str, *, good: float, poor: float) -> Check:
    """A check that ``metric`` is at most ``good``; above ``poor`` it is poor. Units are the metric's."""

    def judge(speed: Speed) -> Iterable[Outcome]:
        """Real visits decide when there are some, the laboratory's run otherwise; both are evidence."""
        decisive = speed.metric(metric)
        if decisive is None or decisive.value <= good:
            return
        yield Outcome(
            key="poor" if decisive.value > poor else "needs_improvement",
            evidence=_evidence(speed, metric, good=good, poor=poor),
            confidence=None if decisive.source == "field" else _LAB_CONFIDENCE,
        )

    return Check(
        id=f"performance_{metric}",
        version=1,
        domain=Domain.PERFORMANCE,
        outcomes=("poor", "needs_improvement"),
        needs=Needs.SPEED,
        speed=judge,
    )


def _evidence(speed: Speed, metric: str, *, good: float, poor: float) -> tuple[Evidence, ...]:
    values = [
        Evidence(kind="metric", where=f"{metric} ({found.source})", value=_text(found))
        for found in speed.metrics
        if found.id == metric
    ]
    values.append(Evidence(kind="threshold", where=metric, value=f"good up to {good:g}, poor above {poor:g}"))
    if speed.score is not None:
        values.append(Evidence(kind="metric", where="performance score (lab)", value=f"{speed.score:.2f}"))
    if speed.engine:
        values.append(Evidence(kind="source", where="engine", value=speed.engine))
    return tuple(values)


def _text(metric: Metric) -> str:
    return f"{metric.value:.3f}" if metric.id == "cls" else f"{metric.value:.0f} ms"
