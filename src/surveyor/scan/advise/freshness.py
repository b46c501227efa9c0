"""Whether the feeds that a scan rests on are there, had lately, and had at all: enabled is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from surveyor.scan.advise.enrich import EPSS, KEV, NVD
from surveyor.scan.advise.feeds import FEEDS
from surveyor.scan.advise.feeds.interface import Feed
from surveyor.scan.advise.snapshot import FeedStatus, Snapshot
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.settings import Feeds
from surveyor.scan.vocabulary import counted

#: Feeds of facts: they speak of whatever is found.
_FACTS = (EPSS, KEV, NVD)
#: How far the clocks of two machines may be apart.
_AHEAD = timedelta(days=1)


def entries(snapshot: Snapshot, ecosystems: Sequence[str], feeds: Feeds, now: datetime) -> tuple[Coverage, ...]:
    """What each feed lacks that this scan rests on; a feed of facts that is well says so too."""
    bases = {name.partition(":")[0] for name in ecosystems}
    resting = {status.name: status for name in ecosystems for status in snapshot.answering(name)}
    resting |= {
        status.name: status
        for status in snapshot.collections.values()
        if status.feed in _FACTS or (status.failure and _concerns(status, bases))
    }
    said = [entry for _, status in sorted(resting.items()) if (entry := _entry(status, feeds, now))]
    return (*said, *_absent(snapshot, bases, feeds))


def _concerns(status: FeedStatus, bases: Iterable[str]) -> bool:
    """Whether a collection without a record speaks, by its scope or its feed, of what is installed."""
    about = next((feed.about for feed in FEEDS if feed.id == status.feed), "")
    return status.scope in bases or (bool(about) and about in bases)


def stale(status: FeedStatus, feeds: Feeds, now: datetime) -> bool:
    """Whether it was last had longer ago than is bearable, or at a time to come, by a clock that was wrong."""
    limit = timedelta(hours=feeds.stale_after)
    return bool(status.updated_at and limit and not -_AHEAD <= now - status.updated_at <= limit)


def _entry(status: FeedStatus, feeds: Feeds, now: datetime) -> Coverage | None:
    had = f"had last on {status.updated_at:%Y-%m-%d}" if status.updated_at else "never had"
    if status.failure:
        detail = f"{status.name} could not be had on {_day(status.failed_at)}, {had}: {status.failure}"
        state = CoverageState.PARTIAL if status.updated_at else CoverageState.MISSING
        return _coverage(status.name, state, "feed_failed", detail)
    if stale(status, feeds, now):
        return _coverage(status.name, CoverageState.PARTIAL, "stale", f"{status.name} is stale: {had}")
    if status.feed not in _FACTS:
        return None
    dated = f" of {status.date:%Y-%m-%d}" if status.date else ""
    return _coverage(status.name, CoverageState.LOOKED, None, f"{counted(status.rows, 'record')}{dated}")


def _absent(snapshot: Snapshot, bases: set[str], feeds: Feeds) -> Iterator[Coverage]:
    """Feeds that are not in the database: missing when somebody named them, else one line for all of them."""
    held = {status.feed for status in snapshot.collections.values()}
    lacking = [feed for feed in FEEDS if feed.id not in held and _matters(feed, bases)]
    for feed in lacking:
        if feeds.enabled is not None and feed.id in feeds.enabled:
            detail = f"{feed.title} is enabled and not in the database; run `surveyor db update`"
            yield _coverage(feed.id, CoverageState.MISSING, "no_feed", detail)
    if feeds.enabled is None and lacking and bases:
        names = ", ".join(feed.id for feed in lacking)
        detail = f"not in the database: {names}; `surveyor db update` brings them"
        yield Coverage(what="advisories", state=CoverageState.NOT_CONFIGURED, reason="no_feed", detail=detail)


def _matters(feed: Feed, bases: Iterable[str]) -> bool:
    return feed.about in bases if feed.about else feed.id in _FACTS or feed.id == "osv"


def _coverage(name: str, state: CoverageState, reason: str | None, detail: str) -> Coverage:
    return Coverage(what=f"advisories.{name}", state=state, reason=reason, detail=detail)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "an unknown day"
