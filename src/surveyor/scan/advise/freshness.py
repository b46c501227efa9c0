"""Whether the feeds that a scan rests on are there, had lately, and had at all: enabled is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from surveyor.scan.advise.enrich import EPSS, KEV, NVD
from surveyor.scan.advise.feeds import FEEDS
from surveyor.scan.advise.feeds.interface import Feed
from surveyor.scan.advise.snapshot import FeedStatus, Snapshot
from surveyor.scan.advise.unread import Asked, coverage
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.settings import Feeds
from surveyor.scan.vocabulary import counted

#: Feeds of facts: they speak of whatever is found.
_FACTS = (EPSS, KEV, NVD)
#: How far the clocks of two machines may be apart.
_AHEAD = timedelta(days=1)


def entries(snapshot: Snapshot, ecosystems: Sequence[str], feeds: Feeds, now: datetime) -> tuple[Coverage, ...]:
    """What each feed lacks that this scan rests on; a feed of facts that is well says so too."""
    bases = _bases(ecosystems)
    dates = newest(snapshot.collections.values())
    said = [entry for status in _resting(snapshot, ecosystems) if (entry := _entry(status, feeds, now, dates))]
    return (*said, *_absent(snapshot, bases, feeds))


def missed(
    snapshot: Snapshot, ecosystems: Sequence[str], names: Iterable[tuple[str, str]], flaws: Iterable[str]
) -> tuple[Coverage, ...]:
    """What could not be read of each feed that a scan rests on, which asked for these names and found these flaws."""
    resting = [status for status in _resting(snapshot, ecosystems) if status.unread]
    if not resting:
        return ()
    numbers, asked = {status.name: n for n, status in snapshot.collections.items()}, Asked(names, frozenset(flaws))
    return tuple(coverage(one.name, one.rows, snapshot.unread(numbers[one.name]), asked) for one in resting)


def _bases(ecosystems: Iterable[str]) -> set[str]:
    return {name.partition(":")[0] for name in ecosystems}


def _resting(snapshot: Snapshot, ecosystems: Sequence[str]) -> list[FeedStatus]:
    """The collections that these ecosystems' packages are judged by, and all of facts, by name."""
    bases = _bases(ecosystems)
    resting = {status.name: status for name in ecosystems for status in snapshot.answering(name)}
    resting |= {
        status.name: status
        for status in snapshot.collections.values()
        if status.feed in _FACTS or ((status.failure or status.unread) and _concerns(status, bases))
    }
    return [status for _, status in sorted(resting.items())]


def _concerns(status: FeedStatus, bases: Iterable[str]) -> bool:
    """Whether a collection without a record speaks, by its scope or its feed, of what is installed."""
    about = next((feed.about for feed in FEEDS if feed.id == status.feed), "")
    return status.scope in bases or (bool(about) and about in bases)


def newest(statuses: Iterable[FeedStatus]) -> Mapping[str, datetime]:
    """The date of each feed's newest record, in whichever scope: many a small one has none for months."""
    found: dict[str, datetime] = {}
    for status in statuses:
        if status.date:
            found[status.feed] = max(status.date, found.get(status.feed, status.date))
    return found


def stale_from(status: FeedStatus, feeds: Feeds, dates: Mapping[str, datetime]) -> datetime | None:
    """From when on a scope is stale, unless something newer is had; ``None`` for never.

    It was last had too long ago then, or what was had is: a mirror that stands still answers every day.
    """
    limit = timedelta(hours=feeds.stale_after)
    if not limit or not status.updated_at:
        return None
    had, date = status.updated_at + limit, dates.get(status.feed)
    lull = next((feed.lull for feed in FEEDS if feed.id == status.feed), None)
    return min(had, date + limit + lull) if date and lull is not None else had


def stale(status: FeedStatus, feeds: Feeds, now: datetime, dates: Mapping[str, datetime]) -> str:
    """Why a scope is stale, by the ``newest`` dates of feeds; empty when it is not.

    A time to come, by a clock that was wrong, is no time at all.
    """
    since = stale_from(status, feeds, dates)
    if since is None or status.updated_at is None:
        return ""
    if not -_AHEAD <= now - status.updated_at <= timedelta(hours=feeds.stale_after):
        return _had(status)
    return f"nothing in it is newer than of {dates[status.feed]:%Y-%m-%d}" if since < now else ""


def _had(status: FeedStatus) -> str:
    return f"had last on {status.updated_at:%Y-%m-%d}" if status.updated_at else "never had"


def _entry(status: FeedStatus, feeds: Feeds, now: datetime, dates: Mapping[str, datetime]) -> Coverage | None:
    had = _had(status)
    if status.failure:
        detail = f"{status.name} could not be had on {_day(status.failed_at)}, {had}: {status.failure}"
        state = CoverageState.PARTIAL if status.updated_at else CoverageState.MISSING
        return _coverage(status.name, state, "feed_failed", detail)
    if why := stale(status, feeds, now, dates):
        return _coverage(status.name, CoverageState.PARTIAL, "stale", f"{status.name} is stale: {why}")
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
