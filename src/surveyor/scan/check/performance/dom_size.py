"""Pages of very many elements, each of which styles, layout and memory pay for."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load, Speed

#: Lighthouse's dom-size: score 0.5, and what it calls excessive twice over.
_MANY, _VERY = 1_400, 3_000


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Elements of the document at rest, with its depth."""
    if load.nodes is None or load.nodes <= _MANY:
        return
    counts = (("elements", load.nodes), ("levels", load.depth), ("most children of one", load.children))
    told = tuple(Evidence(kind="count", where=where, value=f"{count:,}") for where, count in counts if count)
    yield Outcome(key="very" if load.nodes > _VERY else "large", evidence=told, count=len(told))


CHECK = loading.check("dom_size", _judge, outcomes=("very", "large"), parts=("nodes",))
