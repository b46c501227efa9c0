"""Static files of the site that browsers may keep only briefly, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.speed import Load, Resource, Speed

_STATIC = frozenset({"script", "stylesheet", "image", "font", "media"})
_EACH, _WORTH = 2 * KIB, 50 * KIB
_DAY = 86_400.0
#: Shorter than this a visitor of next week loads it again; a year is usual for names that change with their content.
_SHORT = 7 * _DAY


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """The site's own files that are kept too briefly, where all of them together weigh something."""
    # frames ask for a file each, and keep it together
    own = list({one.url: one for one in load.resources if _short(one)}.values())
    if sum(one.transfer or 0 for one in own) < _WORTH:
        return
    own.sort(key=lambda one: -(one.transfer or 0))
    kept = any(one.lifetime != 0 for one in own)
    told = [loading.request(one, f"{loading.size(one.transfer or 0)} {_kept(one)}") for one in own]
    yield from loading.outcome("short" if kept else "none", told)


def _short(one: Resource) -> bool:
    return (
        one.kind in _STATIC
        and one.status == 200
        and not one.third_party
        and (_SHORT if one.lifetime is None and not _unsaid(one) else one.lifetime or 0.0) < _SHORT
        and (one.transfer or 0) >= _EACH
    )


def _unsaid(one: Resource) -> bool:
    """Whether its headers are known and say nothing: then each browser guesses."""
    return one.lifetime is None and one.validated is not None


def _kept(one: Resource) -> str:
    if one.lifetime is None:
        return "is kept for as long as each browser guesses: no header says for how long"
    if not one.lifetime:
        return "is asked for again each time"
    days, hours = one.lifetime / _DAY, one.lifetime / 3600
    return f"is kept for {days:,.0f} d" if days >= 1 else f"is kept for {hours:,.1f} h"


CHECK = loading.check("cache_lifetime", _judge, outcomes=("none", "short"), parts=("resources", "lifetime"))
