"""Largest Contentful Paint: when the main thing is to be seen; milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading, threshold
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load

#: What the phases of a picture's time are, and of a text's, which is asked for with the page.
_PICTURE = (
    ("ttfb", "to the first byte"),
    ("load_delay", "until its picture is asked for"),
    ("load_duration", "while that loads"),
    ("render_delay", "until it is shown"),
)
_TEXT = (_PICTURE[0], _PICTURE[-1])


def _causes(load: Load) -> Iterator[Evidence]:
    """The element, and where its time goes."""
    largest = load.largest
    if largest is None:
        return
    if largest.place is not None:
        yield loading.element(largest.place, f"is the largest element{': ' + largest.url if largest.url else ''}")
    if largest.phases is not None:
        parts = _TEXT if largest.url is None else _PICTURE
        told = ", ".join(f"{getattr(largest.phases, name):,.0f} ms {what}" for name, what in parts)
        yield Evidence(kind="phase", where="where its time goes", value=told)


#: Core Web Vitals, web.dev/articles/lcp; Lighthouse's desktop curve: score 0.9 and 0.5.
CHECK = threshold.check("lcp", (2500, 4000), desktop=(1200, 2400), causes=_causes)
