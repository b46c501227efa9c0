"""Total Blocking Time: how long the page could not answer while loading; milliseconds, laboratory only."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import threshold
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load

_MOST = 5


def _causes(load: Load) -> Iterator[Evidence]:
    """Scripts by their share of it."""
    for work in sorted(load.scripts, key=lambda work: -work.blocking)[:_MOST]:
        if work.blocking > 0:
            told = f"blocks for {work.blocking:,.0f} of its {work.duration:,.0f} ms"
            yield Evidence(kind="script", where=work.url[:600], value=told)


#: Lighthouse's curves: score 0.9 and 0.5.
CHECK = threshold.check("tbt", (200, 600), desktop=(150, 350), causes=_causes)
