"""One module in several scripts."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load, Speed

_WORTH = 10 * KIB


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Modules that come more than once and are worth a look."""
    worth = sorted((one for one in load.duplicates or () if one.size >= _WORTH), key=lambda one: -one.size)
    told = [Evidence(kind="script", where=one.name[:600], value=loading.size(one.size)) for one in worth]
    yield from loading.outcome("duplicate", told)


CHECK = loading.check("duplicate_javascript", _judge, outcomes=("duplicate",), parts=("duplicates",))
