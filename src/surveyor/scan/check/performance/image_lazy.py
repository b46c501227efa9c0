"""Images below the first screen that are loaded at once all the same."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.speed import Load, Speed

#: Bytes of one image, and of all such.
_EACH, _WORTH = 4 * KIB, 50 * KIB


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Images out of sight that are not lazy, where all of them together weigh something."""
    eager = [
        one
        for one in load.pictures
        if one.fold is False and one.lazy is False and not one.background and (one.transfer or 0) >= _EACH
    ]
    # one image may be shown several times
    if sum({one.url: one.transfer or 0 for one in eager}.values()) < _WORTH:
        return
    eager.sort(key=lambda one: -(one.transfer or 0))
    yield from loading.outcome("eager", [loading.picture(one, loading.size(one.transfer or 0)) for one in eager])


CHECK = loading.check("image_lazy", _judge, outcomes=("eager",), parts=("pictures", "fold"))
