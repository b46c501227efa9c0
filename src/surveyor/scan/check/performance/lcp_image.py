"""The picture that is the largest element: found late, loaded lazily, or without priority."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.speed import Largest, Load, Speed

#: From when on it is worth while to have the browser ask for it earlier; milliseconds after the first byte.
_DELAY = 100.0


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """What keeps the picture from being asked for at once; its priority only where nothing worse does."""
    largest = load.largest
    if largest is None or not _is_picture(largest):
        return
    told = (loading.element(largest.place, f"{largest.url or ''}{_delay(largest)}".strip()),)
    if largest.lazy:
        yield Outcome(key="lazy", evidence=told)
    if largest.discoverable is False:
        yield Outcome(key="hidden", evidence=told)
    found_early = largest.discoverable and not largest.lazy
    late = largest.phases is None or largest.phases.load_delay >= _DELAY
    if found_early and late and largest.priority is not None and largest.priority != "high":
        yield Outcome(key="no_priority", evidence=told)


def _is_picture(largest: Largest) -> bool:
    return largest.url is not None or bool(largest.phases and largest.phases.load_duration)


def _delay(largest: Largest) -> str:
    if largest.phases is None:
        return ""
    return f" asked for {largest.phases.load_delay:,.0f} ms after the first byte"


CHECK = loading.check("lcp_image", _judge, outcomes=("lazy", "hidden", "no_priority"), parts=("largest", "discovery"))
