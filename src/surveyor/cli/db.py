"""``surveyor db``: the local advisory database."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from surveyor.cli import INCOMPLETE, OK, complaint, progress
from surveyor.scan import phrases
from surveyor.scan.advise import choice, freshness, snapshot
from surveyor.scan.advise import update as updates
from surveyor.scan.advise.feeds import feed as feed_of
from surveyor.scan.advise.origin import Fetch
from surveyor.scan.errors import BadTarget, Malformed, Unsupported
from surveyor.scan.events import Progress, printable
from surveyor.scan.settings import Settings, advisory_database, from_environment, host_of
from surveyor.scan.vocabulary import counted


def update(
    *,
    feed: Annotated[list[str] | None, Parameter(negative=())] = None,
    source: Annotated[list[str] | None, Parameter(name="--from", negative=())] = None,
    ecosystem: Annotated[list[str] | None, Parameter(negative=())] = None,
    accept_loss: Annotated[bool, Parameter(negative=())] = False,
    quiet: bool = False,
) -> int:
    """Fetch advisories and build the local database; only what changed is read again.

    Parameters
    ----------
    feed
        Update only this feed. Repeatable; those of SURVEYOR_FEEDS unless given, all when that names none.
    source
        FEED=SOURCE: a directory or URL that has what the feed publishes, instead of the publisher; SOURCE alone has
        the layout of OSV's bucket. Repeatable; only the feeds so named are updated unless --feed says otherwise.
    ecosystem
        Of OSV update only this ecosystem, as OSV names it. Repeatable; all unless given.
    accept_loss
        Believe a source that has lost a fifth of its records or more since last time.
    quiet
        Show no progress.
    """
    settings = from_environment(os.environ)
    assert settings.advisories is not None
    sources = choice.parse(source or ())
    chosen = choice.known(feed or tuple(sources), "--feed") or choice.enabled(settings.feeds)
    wanted = choice.wanted(
        settings,
        chosen,
        _fetch(choice.reaching(settings, chosen, sources)),
        sources=sources,
        scopes=tuple(ecosystem) if ecosystem else None,
    )
    with progress.sinks(journal=None, quiet=quiet) as listeners:
        result = updates.update(wanted, settings.advisories, progress=Progress(*listeners), accept_loss=accept_loss)
    for item in result.collections:
        unread = item.broken + item.cut
        notes = f"  {counted(unread, 'record')} not read or not whole:" if unread else ""
        notes += f"  {printable(item.notes[0])}" if item.notes else ""
        print(f"{item.name:<24} {item.action:<10} {item.rows:>9,} rows  {item.changed:>9,} changed{notes}")
    print(f"written to {result.database}")
    return INCOMPLETE if result.failed else OK


def status() -> int:
    """Show each feed's newest record, when it was last had, its age and rows; and which are stale or failed."""
    settings, now = from_environment(os.environ), datetime.now(UTC)
    feeds = snapshot.status(advisory_database(os.environ))
    dates = freshness.newest(feeds)
    print(f"{'feed':<28} {'newest record':<18} {'last had':<18} {'age':>12} {'rows':>12}")
    for feed in feeds:
        name = printable(feed.name)
        age = phrases.age(feed.updated_at, now) if feed.updated_at else "never had"
        why = freshness.stale(feed, settings.feeds, now, dates)
        marks = f"  stale: {why}" if why else ""
        marks += f"  {counted(feed.unread, 'record')} not read" if feed.unread else ""
        marks += f"  failed {_moment(feed.failed_at)}: {printable(feed.failure)}" if feed.failure else ""
        print(f"{name:<28} {_moment(feed.date):<18} {_moment(feed.updated_at):<18} {age:>12} {feed.rows:>12,}{marks}")
    print(f"{'total':<79} {sum(feed.rows for feed in feeds):>12,}")
    with snapshot.open_snapshot(advisory_database(os.environ)) as opened:
        print(f"state {opened.state or 'unknown'}")
    return OK


def export(bundle: Path, *, key: Path | None = None) -> int:
    """Write the database to one signed file, for machines that reach no feed.

    Parameters
    ----------
    bundle
        The file to write.
    key
        The file of the key to sign with; one is made when it is not there. In the home unless given.
    """
    from surveyor.scan.advise import bundle as bundles

    database = advisory_database(os.environ)
    made = bundles.export(database, bundle, key or database.parent / "bundle.key", now=datetime.now(UTC))
    print(f"{bundle}: {sum(feed.rows for feed in made.feeds):,} records of {len(made.feeds)} feeds")
    print(f"signed by {made.signed_by}")
    print(f"there: surveyor db import {bundle.name} --trust {made.signed_by}")
    return OK


def import_(bundle: Path, *, trust: Annotated[list[str] | None, Parameter(negative=())] = None) -> int:
    """Take a signed file in the place of the local database; nothing changes unless a trusted key signed it.

    Parameters
    ----------
    bundle
        A file that surveyor db export wrote.
    trust
        A public key, or a file with one, besides those of SURVEYOR_BUNDLE_TRUST. Repeatable.
    """
    from surveyor.scan.advise import bundle as bundles

    settings = from_environment(os.environ)
    assert settings.advisories is not None
    if not bundle.is_file():
        raise BadTarget(f"{bundle}: no such file")
    taken = bundles.import_(bundle, settings.advisories, (*settings.feeds.trusted, *(trust or ())))
    if taken.newer is not None:
        complaint.say(f"{bundle}: is older than the database whose place it took, which was of {_moment(taken.newer)}")
    print(f"made {_moment(taken.created_at)}, signed by {taken.signed_by}")
    print(f"written to {settings.advisories}: {sum(feed.rows for feed in taken.feeds):,} records")
    return OK


def resolve(advisories: str, settings: Settings, emit: Progress) -> Path:
    """The database for one scan that ``--advisories`` names: a file, or a bucket read into a cached one."""
    assert settings.advisories is not None
    if settings.offline and host_of(advisories):
        raise BadTarget("--offline: the advisories at a URL cannot be fetched; name a directory or a file")
    cache = settings.advisories.parent / "cache"
    try:
        reaching = choice.reaching(settings, (feed_of("osv"),), {"osv": (advisories,)})
        return updates.resolve(advisories, cache, _fetch(reaching), emit)
    except (Malformed, Unsupported) as error:
        raise BadTarget(f"--advisories {error}; expected a database made by: surveyor db update") from error
    except BadTarget as error:
        raise BadTarget(f"--advisories {error}") from error


def _fetch(settings: Settings) -> Fetch:
    from surveyor.scan.net import Client

    return Client(settings).fetch


def _moment(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value else "unknown"
