"""Time to First Byte: how long the page's server takes to begin its answer; milliseconds."""

from __future__ import annotations

from dataclasses import replace

from surveyor.scan.check import threshold
from surveyor.scan.figures import Engine
from surveyor.scan.speed import Metric, Source, Speed


def _without_throttling(speed: Speed) -> Metric | None:
    """Our laboratory counts the latency that it adds, which the server is not to be blamed for; Lighthouse does not."""
    found = speed.metric("ttfb")
    added = speed.environment.latency
    if found is None or found.source != Source.LAB or speed.by is not Engine.LAB or not added:
        return found
    return replace(found, value=max(0.0, found.value - added))


#: web.dev/articles/ttfb.
CHECK = threshold.check("ttfb", (800, 1800), read=_without_throttling)
