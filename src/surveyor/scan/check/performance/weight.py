"""How many bytes the page takes before it comes to rest."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load, Speed

#: Lighthouse's curve for total-byte-weight: score 0.9 and 0.5.
_HEAVY, _VERY = 2667 * KIB, 4000 * KIB
_LARGEST = 10


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """The sum of all requests, by kind, and the largest of them."""
    by_kind: dict[str, int] = {}
    for one in load.resources:
        by_kind[one.kind or "other"] = by_kind.get(one.kind or "other", 0) + (one.transfer or 0)
    total = sum(by_kind.values())
    if total <= _HEAVY:
        return
    kinds = sorted(by_kind.items(), key=lambda item: -item[1])
    told = [Evidence(kind="weight", where="all requests", value=loading.size(total))]
    told += [Evidence(kind="weight", where=kind, value=loading.size(size)) for kind, size in kinds if size]
    largest = sorted(load.resources, key=lambda one: -(one.transfer or 0))[:_LARGEST]
    told += [loading.request(one, loading.size(one.transfer or 0)) for one in largest if one.transfer]
    yield Outcome(key="very" if total > _VERY else "heavy", evidence=tuple(told), count=len(told))


CHECK = loading.check("weight", _judge, outcomes=("very", "heavy"), parts=("resources",))
