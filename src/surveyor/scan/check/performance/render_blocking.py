"""Scripts and style sheets for which the browser waits before it shows anything."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.speed import Load, Speed

#: What they cost must be worth a change; milliseconds after the document.
_WORTH = 100.0


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Files that block, where the last of them is later than the document by what is worth a change."""
    blocking = [one for one in load.resources if one.blocking]
    waited = _waited(load, max((one.end for one in blocking if one.end is not None), default=None))
    if waited is not None and waited < _WORTH:
        return
    blocking.sort(key=lambda one: -(one.end or 0.0))
    yield from loading.outcome("blocking", [loading.request(one, loading.came(one)) for one in blocking])


def _waited(load: Load, last: float | None) -> float | None:
    """How long the last of them kept the document waiting after it had come itself; ``None`` where nobody knows."""
    document = next((one.end for one in load.resources if one.kind == "document" and one.status == 200), None)
    return None if last is None or document is None else last - document


CHECK = loading.check("render_blocking", _judge, outcomes=("blocking",), parts=("resources", "blocking"))
