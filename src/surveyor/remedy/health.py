"""A number for how a target is doing, from nothing but counts of findings."""

from __future__ import annotations

from collections.abc import Mapping

#: What one finding of a severity weighs; an unrated one weighs nothing, since unknown is not zero and not bad.
POINTS = {"critical": 25, "high": 10, "medium": 4, "low": 1, "unknown": 0}
#: So many points halve the health.
HALF = 50


def computed(counts: Mapping[str, int]) -> int:
    """Health 0..100: 100 without findings, halved at 50 points, falling ever more slowly, so a fix always shows."""
    points = sum(POINTS.get(severity, 0) * count for severity, count in counts.items())
    return round(100 * HALF / (HALF + points))
