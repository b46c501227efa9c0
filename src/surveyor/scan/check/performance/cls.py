"""Cumulative Layout Shift: how much jumps about while loading; no unit."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading, threshold
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load

_MOST = 10


def _causes(load: Load) -> Iterator[Evidence]:
    """Elements that moved, those of the greatest shift first."""
    shifts = sorted((shift for shift in load.shifts if shift.counted), key=lambda shift: -shift.score)
    for shift in shifts[:_MOST]:
        when = "" if shift.at is None else f" at {shift.at:,.0f} ms"
        for moved in shift.moved[:3]:
            yield loading.element(moved.place, f"moved{when} in a shift of {shift.score:.3f}")


#: Core Web Vitals, web.dev/articles/cls.
CHECK = threshold.check("cls", (0.1, 0.25), causes=_causes)
