"""Where advisories come from: one file per source, each with a function that fetches and one that normalises."""

from __future__ import annotations

from surveyor.scan.advise.feeds import alpine, debian, epss, kev, nvd, osv, redhat
from surveyor.scan.advise.feeds.interface import Feed

#: In the order they are brought up to date: the slowest last.
FEEDS: tuple[Feed, ...] = (osv.FEED, debian.FEED, alpine.FEED, redhat.FEED, epss.FEED, kev.FEED, nvd.FEED)


def feed(name: str) -> Feed:
    """The feed of that id; raises ``KeyError``."""
    return {item.id: item for item in FEEDS}[name]
