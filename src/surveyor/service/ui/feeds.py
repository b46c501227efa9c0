"""The feeds of advisories behind verdicts: each with its date, its age and its failure, and all of them in short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from surveyor.scan import phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """One scope of a feed. ``date`` is its newest record's, ``had`` when it was last had, ``age`` since then.

    ``mark`` is ``failed``, ``stale`` or empty, ``why`` its reason; ``unread`` records could not be read.
    """

    feed: str
    scope: str
    date: datetime | None
    had: datetime | None
    age: str
    rows: int | None
    mark: str
    why: str
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A whole feed in a line: the date of its newest record in any scope, and the worst that is said of one."""

    feed: str
    date: datetime | None
    mark: str


_WORST = ("failed", "stale", "")


def views(sources: Iterable[Mapping[str, Any]], *, stale_after: int, now: datetime) -> tuple[FeedView, ...]:
    """What an update left of each scope; ``stale_after`` is in hours, 0 for never."""
    found = (_view(source, timedelta(hours=stale_after), now) for source in sources)
    return tuple(sorted(found, key=lambda view: (view.feed.lower(), view.scope.lower())))


def lines(feeds: Iterable[FeedView]) -> tuple[FeedLine, ...]:
    """One line a feed."""
    grouped: dict[str, list[FeedView]] = {}
    for view in feeds:
        grouped.setdefault(view.feed, []).append(view)
    return tuple(
        FeedLine(
            feed=feed,
            date=max((view.date for view in several if view.date), default=None),
            mark=min((view.mark for view in several), key=_WORST.index),
        )
        for feed, several in grouped.items()
    )


def _view(source: Mapping[str, Any], limit: timedelta, now: datetime) -> FeedView:
    had, failure = _moment(source.get("updated_at")), str(source.get("failure") or "")
    old = _old(had, _moment(source.get("stale_from")), limit, now)
    rows, missed = source.get("rows"), source.get("unread")
    return FeedView(
        feed=phrases.feed(str(source.get("feed") or "")),
        scope=str(source.get("scope") or ""),
        date=_moment(source.get("date")),
        had=had,
        age=phrases.age(had, now) if had else "",
        rows=rows if isinstance(rows, int) else None,
        mark="failed" if failure else "stale" if old else "",
        why=failure or old,
        unread=missed if isinstance(missed, int) else 0,
    )


def _old(had: datetime | None, since: datetime | None, limit: timedelta, now: datetime) -> str:
    """Why a scope is stale; empty where it is not."""
    if limit and had and now - had > limit:
        return "It was last had longer ago than SURVEYOR_FEED_MAX_AGE_HOURS allows."
    if limit and since and since < now:
        return "Nothing new has come for long: what answers for it may be a copy that stands still."
    return ""


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.astimezone()
