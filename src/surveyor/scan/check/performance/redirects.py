"""Redirects before the page, each of which costs a visitor a whole round trip."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.speed import Load, Resource, Speed

#: The one from http to https, or to the host that a site has chosen, is nobody's fault.
_FREE = 1


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """The redirects before the document, where there are several."""
    hops: list[Resource] = []
    for one in load.resources:
        if one.kind != "document" or not 300 <= (one.status or 0) < 400:
            break
        hops.append(one)
    if len(hops) > _FREE:
        yield from loading.outcome(
            "chain", [loading.request(one, f"{one.status}, {loading.came(one)}") for one in hops]
        )


CHECK = loading.check("redirects", _judge, outcomes=("chain",), parts=("resources",))
