"""What others bring along: bytes, and work on the page's own thread."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load, Party, Speed

#: Milliseconds for which all together may block (Lighthouse's bound); bytes that all together may send.
_BLOCKING, _WEIGHT = 250.0, 500 * KIB
#: Work of which it is not known how much blocks.
_WORKING = 500.0


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Others that keep the page busy for longer than its bound, and those that weigh much."""
    parties = load.parties
    blocking = sum(one.blocking or 0.0 for one in parties)
    unknown = sum(one.duration or 0.0 for one in parties if one.blocking is None)
    if blocking > _BLOCKING or unknown > _WORKING:
        worst = sorted(parties, key=lambda one: -(one.blocking or one.duration or 0.0))
        yield from loading.outcome("blocking", [_told(one) for one in worst if one.blocking or one.duration])
    if sum(one.transfer for one in parties) > _WEIGHT:
        yield from loading.outcome("heavy", [_told(one) for one in sorted(parties, key=lambda one: -one.transfer)])


def _told(one: Party) -> Evidence:
    parts = [f"{one.requests:,} requests" if one.requests != 1 else "1 request", loading.size(one.transfer)]
    if one.duration:
        parts.append(f"{one.duration:,.0f} ms of work")
    if one.blocking:
        parts.append(f"blocks for {one.blocking:,.0f} ms")
    return Evidence(kind="third_party", where=one.domain[:300], value=", ".join(parts))


CHECK = loading.check("third_parties", _judge, outcomes=("blocking", "heavy"), parts=("parties",))
