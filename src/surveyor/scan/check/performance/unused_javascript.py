"""Script that is loaded and does not run until the page is there."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.speed import Load, Speed

#: Bytes on the wire of one file below which splitting it is not worth a request (Lighthouse's bound).
_WORTH = 20 * KIB


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Scripts of which more bytes are unused than another request costs."""
    found = [(loading.as_sent(one, one.unused), one) for one in load.resources if one.kind == "script" and one.unused]
    worth = sorted(((wasted, one) for wasted, one in found if wasted >= _WORTH), key=lambda pair: -pair[0])
    told = [loading.request(one, f"{loading.size(wasted)} unused of {loading.came(one)}") for wasted, one in worth]
    yield from loading.outcome("unused", told)


CHECK = loading.check("unused_javascript", _judge, outcomes=("unused",), parts=("resources", "unused.script"))
