"""Which feeds are to be brought up to date, and from where: the settings, and what a person says for once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from surveyor.scan.advise.feeds import FEEDS
from surveyor.scan.advise.feeds.interface import Feed
from surveyor.scan.advise.origin import Fetch
from surveyor.scan.advise.sources import Wanted, want
from surveyor.scan.advise.swap import parked
from surveyor.scan.errors import BadTarget
from surveyor.scan.settings import Feeds, Settings, host_of

_BY_ID: Mapping[str, Feed] = {feed.id: feed for feed in FEEDS}


def enabled(feeds: Feeds) -> tuple[Feed, ...]:
    """The feeds that the settings name, all when they name none; raises ``BadTarget`` for one that is not known."""
    return FEEDS if feeds.enabled is None else known(feeds.enabled, "SURVEYOR_FEEDS")


def known(names: Sequence[str], where: str) -> tuple[Feed, ...]:
    """The feeds of these ids; ``where`` is what named them."""
    if odd := [name for name in names if name not in _BY_ID]:
        raise BadTarget(f"{where}: no feed {odd[0]!r}; there are {', '.join(_BY_ID)}")
    return tuple(_BY_ID[name] for name in names)


def parse(given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``FEED=SOURCE`` or the source of OSV's bucket alone, as ``--from`` takes them; several are mirrors."""
    out: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, sign, source = text.partition("=")
        if not sign or name not in _BY_ID:
            name, source = "osv", text
        out[name] = (*out.get(name, ()), source)
    return out


def wanted(
    settings: Settings,
    chosen: Sequence[Feed],
    fetch: Fetch,
    *,
    sources: Mapping[str, tuple[str, ...]] | None = None,
    scopes: tuple[str, ...] | None = None,
) -> list[Wanted]:
    """What to update: from ``sources``, else the settings', else the publisher's; ``scopes`` are OSV's ecosystems."""
    assert settings.advisories is not None
    held = parked(settings.advisories)
    out = []
    for feed in chosen:
        places, where = _places(settings, feed, sources or {})
        try:
            asked = want(
                feed,
                *places,
                fetch=fetch,
                scopes=scopes if feed.id == "osv" else None,
                key=settings.feeds.keys.get(feed.id),
                parked=held,
            )
        except BadTarget as error:
            raise BadTarget(f"{where} {error}") from error
        out.append(asked)
    return out


def reaching(settings: Settings, chosen: Sequence[Feed], sources: Mapping[str, tuple[str, ...]]) -> Settings:
    """The same, allowed to ask what the operator named: a mirror may stand on a private address, nothing else may."""
    named = [place for feed in chosen for place in _places(settings, feed, sources)[0] if place not in _public(feed)]
    hosts = tuple(host for place in named if (host := host_of(place)))
    return replace(settings, allow_hosts=(*settings.allow_hosts, *hosts))


def _places(settings: Settings, feed: Feed, sources: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], str]:
    """A feed's places, and what named them."""
    if feed.id in sources:
        return sources[feed.id], "--from"
    if feed.id in settings.feeds.addresses:
        return settings.feeds.addresses[feed.id], f"SURVEYOR_FEED_{feed.id.upper()}"
    return _public(feed), feed.id


def _public(feed: Feed) -> tuple[str, ...]:
    """Where its publisher has it."""
    return feed.address, *feed.mirrors
