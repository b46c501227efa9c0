"""What of a load explains why it is slow: requests, images and scripts as evidence, and the form of such checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.speed import Load, Picture, Place, Resource, Speed

KIB = 1024
_MOST, _TEXT, _URL = 20, 300, 600

Judge = Callable[[Speed, Load], Iterable[Outcome]]


def check(name: str, judge: Judge, *, outcomes: tuple[str, ...], parts: tuple[str, ...], version: int = 1) -> Check:
    """A check of one load; ``parts`` are fields of it, or of its requests, without which it cannot say anything."""

    def of_speed(speed: Speed) -> Iterable[Outcome]:
        return () if speed.load is None else judge(speed, speed.load)

    of_speed.__doc__ = judge.__doc__
    return Check(
        id=f"performance_{name}",
        version=version,
        domain=Domain.PERFORMANCE,
        outcomes=outcomes,
        needs=Needs.SPEED,
        speed=of_speed,
        parts=parts,
    )


def outcome(key: str, evidence: Sequence[Evidence], *, confidence: float | None = None) -> Iterator[Outcome]:
    """One outcome with the beginning of its evidence, none without any."""
    if evidence:
        yield Outcome(key=key, evidence=tuple(evidence[:_MOST]), count=len(evidence), confidence=confidence)


def request(resource: Resource, told: str) -> Evidence:
    """A request, and what is said of it."""
    return Evidence(kind="request", where=resource.url[:_URL], value=told[:_TEXT])


def element(place: Place | None, told: str) -> Evidence:
    """An element of the page, and what is said of it."""
    where = place.where if place else ""
    snippet = f"{place.snippet[: _TEXT // 2]} " if place and place.snippet else ""
    return Evidence(kind="element", where=where[:_TEXT] or None, value=f"{snippet}{told}"[: _TEXT + _URL])


def picture(shown: Picture, told: str) -> Evidence:
    """An image by its address and its element, and what is said of it."""
    return element(shown.place, f"{told}: {shown.url[:_URL]}")


def size(count: float) -> str:
    """Bytes for people."""
    return f"{count / KIB / KIB:,.1f} MiB" if count >= KIB * KIB else f"{count / KIB:,.0f} KiB"


def came(resource: Resource) -> str:
    """How much of a request came over the wire, and when."""
    parts = [size(resource.transfer)] if resource.transfer is not None else []
    if resource.start is not None and resource.end is not None and resource.end >= resource.start:
        parts.append(f"from {resource.start:,.0f} to {resource.end:,.0f} ms")
    return ", ".join(parts) or "size unknown"


def as_sent(resource: Resource, decoded: int) -> int:
    """What a part of a decoded body takes on the wire, about."""
    if not resource.size or resource.transfer is None:
        return decoded
    return int(decoded * min(1.0, resource.transfer / resource.size))
