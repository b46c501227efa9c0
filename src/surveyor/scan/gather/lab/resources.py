"""What a page loaded: each request judged by itself, and foreign domains by what they cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from surveyor.scan.address import host_of
from surveyor.scan.gather.lab import freshness
from surveyor.scan.net import hosts
from surveyor.scan.net.browser.network import Exchange
from surveyor.scan.speed import Font, Party, Resource, Work

_LISTED = 50
_COUNTED = frozenset({"Script", "Stylesheet"})


def resources(
    exchanges: Iterable[Exchange], *, page: str, origin: float, blocking: Container[str], use: Mapping[str, float]
) -> tuple[Resource, ...]:
    """Requests of the page at ``page``; ``origin`` is the navigation's start, in seconds of the browser's clock.

    ``blocking`` are ids of those that the first paint waited for, ``use`` the shares that
    nothing needed by URL of script or stylesheet.
    """
    own = hosts.registrable(host_of(page))
    return tuple(_resource(one, own, origin, one.id in blocking, use.get(one.url)) for one in exchanges)


def _resource(one: Exchange, own: str, origin: float, blocking: bool, unused: float | None) -> Resource:
    answered = one.status is not None
    return Resource(
        url=one.url,
        kind=one.kind.lower(),
        start=_since(one.started, origin),
        end=_since(one.ended, origin),
        status=one.status,
        protocol=one.protocol,
        mime=one.mime,
        encoding=one.headers.get("content-encoding", "").lower(),
        transfer=0 if one.cached else one.transfer,
        size=one.size if answered else None,
        lifetime=freshness.lifetime(one.headers) if answered else None,
        validated=freshness.validated(one.headers) if answered else None,
        priority=one.priority,
        blocking=blocking,
        third_party=hosts.registrable(host_of(one.url)) != own,
        unused=round(unused * one.size) if unused is not None and one.kind in _COUNTED else None,
        initiator=one.initiator,
        failure=one.failure,
    )


def _since(at: float | None, origin: float) -> float | None:
    return None if at is None else (at - origin) * 1000


def parties(loaded: Sequence[Resource], scripts: Iterable[Work]) -> tuple[Party, ...]:
    """Foreign registrable domains, those that cost most bytes first."""
    requests, sent = defaultdict[str, int](int), defaultdict[str, int](int)
    times, blocked = defaultdict[str, float](float), defaultdict[str, float](float)
    for one in loaded:
        if one.third_party and (domain := hosts.registrable(host_of(one.url))):
            requests[domain] += 1
            sent[domain] += one.transfer or 0
    for work in scripts:
        domain = hosts.registrable(host_of(work.url))
        times[domain] += work.duration
        blocked[domain] += work.blocking
    costly = sorted(requests, key=lambda domain: -sent[domain])[:_LISTED]
    return tuple(
        Party(
            domain=domain,
            requests=requests[domain],
            transfer=sent[domain],
            duration=times[domain],
            blocking=blocked[domain],
        )
        for domain in costly
    )


def fonts(loaded: Sequence[Resource], told: Mapping[str, tuple[str, str]]) -> tuple[Font, ...]:
    """Fonts that were loaded; ``told`` has family and ``font-display`` by URL."""
    return tuple(
        Font(
            url=one.url,
            family=told[one.url][0] if one.url in told else "",
            display=told[one.url][1] if one.url in told else None,
            transfer=one.transfer,
        )
        for one in loaded
        if one.kind == "font" and one.failure is None
    )
