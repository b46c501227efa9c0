"""Where a feed is had from: folders and web servers that hold what it publishes, asked as the feed wants to be."""

from __future__ import annotations

from pathlib import Path

from surveyor.scan.advise.feeds.interface import Feed
from surveyor.scan.advise.origin import Directory, Fetch, Manners, Mirrors, Origin
from surveyor.scan.advise.web import Web
from surveyor.scan.errors import BadTarget
from surveyor.scan.settings import host_of
from surveyor.scan.values import frozen


@frozen
class Wanted:
    """A feed to bring up to date from a place; ``scopes`` are those to look at, ``None`` for all that it has."""

    feed: Feed
    origin: Origin
    scopes: tuple[str, ...] | None = None


def want(
    feed: Feed,
    *sources: str | Path,
    fetch: Fetch,
    scopes: tuple[str, ...] | None = None,
    key: str | None = None,
    parked: Path | None = None,
    manners: Manners | None = None,
) -> Wanted:
    """A feed from directories or http(s) URLs, the first that answers; raises ``BadTarget`` for anything else.

    ``key`` is what the feed gives its friends; ``parked`` a folder for downloads that broke off.
    """
    manners = manners or Manners()
    named = bool(key and feed.key_header)
    asked = Manners(
        attempts=manners.attempts,
        pause=feed.pause_with_key if named else feed.pause,
        headers={**feed.headers, **({feed.key_header: key} if named and key else {})},
        busy=manners.busy | feed.busy,
        sleep=manners.sleep,
        clock=manners.clock,
    )
    held = parked and parked / feed.id
    origins = [_origin(source, fetch, asked, held) for source in sources]
    return Wanted(feed=feed, origin=origins[0] if len(origins) == 1 else Mirrors(origins), scopes=scopes)


def _origin(source: str | Path, fetch: Fetch, manners: Manners, parked: Path | None) -> Origin:
    """A URL's server or a folder; raises ``BadTarget`` for what is neither, whose password is not told."""
    if isinstance(source, str) and host_of(source):
        return Web(source, fetch, manners=manners, parked=parked)
    if Path(source).is_dir():
        return Directory(Path(source))
    kind = "only http and https URLs can be asked" if "://" in str(source) else "no such directory"
    # a slip before the scheme, and what follows is no URL but has its password still
    told = str(source).partition("://")[0] + "://…" if "://" in str(source) and "@" in str(source) else source
    raise BadTarget(f"{told}: {kind}; expected a folder or an http(s) URL that has what the feed publishes")
