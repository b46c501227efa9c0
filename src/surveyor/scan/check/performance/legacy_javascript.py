"""Script for browsers that nobody has any more: polyfills and transforms of what all have."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load, Speed

_WORTH = 10 * KIB


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Scripts that bring along more of the past than is worth a look."""
    worth = sorted((one for one in load.legacy or () if one.size >= _WORTH), key=lambda one: -one.size)
    told = [Evidence(kind="script", where=one.name[:600], value=loading.size(one.size)) for one in worth]
    yield from loading.outcome("legacy", told)


CHECK = loading.check("legacy_javascript", _judge, outcomes=("legacy",), parts=("legacy",))
