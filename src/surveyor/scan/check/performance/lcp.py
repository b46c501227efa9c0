"""Largest Contentful Paint: when the main thing is to be seen; milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading, threshold
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load

_PHASES = (
    ("ttfb", "time to first byte"),
    ("load_delay", "until its picture is asked for"),
    ("load_duration", "while its picture loads"),
    ("render_delay", "until it is shown"),
)


def _causes(load: Load) -> Iterator[Evidence]:
    """The element, and where its time goes."""
    largest = load.largest
    if largest is None:
        return
    if largest.place is not None:
        yield loading.element(largest.place, f"is the largest element{': ' + largest.url if largest.url else ''}")
    if largest.phases is not None:
        for name, told in _PHASES:
            yield Evidence(kind="phase", where=told, value=f"{getattr(largest.phases, name):,.0f} ms")


#: Core Web Vitals, web.dev/articles/lcp; Lighthouse's desktop curve: score 0.9 and 0.5.
CHECK = threshold.check("lcp", (2500, 4000), desktop=(1200, 2400), causes=_causes)
