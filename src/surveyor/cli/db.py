"""``surveyor db``: the local advisory database."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from surveyor.cli import INCOMPLETE, OK, progress
from surveyor.scan.advise import snapshot
from surveyor.scan.advise import update as updates
from surveyor.scan.advise.origin import Fetch
from surveyor.scan.errors import BadTarget, Malformed, Unsupported
from surveyor.scan.events import Progress, printable
from surveyor.scan.settings import Settings, advisory_database, from_environment, host_of


def update(
    *,
    source: Annotated[str | None, Parameter(name="--from")] = None,
    ecosystem: Annotated[list[str] | None, Parameter(negative=())] = None,
    quiet: bool = False,
) -> int:
    """Fetch advisories and build the local database; only what changed is read again.

    Parameters
    ----------
    source
        A directory or URL with the layout of OSV's bucket; OSV's own unless SURVEYOR_OSV_BUCKET names another.
    ecosystem
        Update only this ecosystem, as OSV names it. Repeatable; all unless given.
    quiet
        Show no progress.
    """
    settings = from_environment(os.environ)
    assert settings.advisories is not None
    name = "SURVEYOR_OSV_BUCKET" if source is None else "--from"
    source = source or settings.osv_bucket
    try:
        updates.check_source(source)
    except BadTarget as error:
        raise BadTarget(f"{name} {error}") from error
    with progress.sinks(journal=None, quiet=quiet) as listeners:
        result = updates.update(
            source,
            settings.advisories,
            fetch=_fetch(source, settings),
            progress=Progress(*listeners),
            ecosystems=tuple(ecosystem) if ecosystem else None,
        )
    for item in result.collections:
        notes = f"  {printable(item.notes[0])}" if item.notes else ""
        print(f"{item.ecosystem:<20} {item.action:<10} {item.rows:>9,} rows  {item.changed:>9,} changed{notes}")
    print(f"written to {result.database}")
    return INCOMPLETE if result.failed else OK


def status() -> int:
    """Show feeds, the date of their newest record, and their rows."""
    feeds = snapshot.status(advisory_database(os.environ))
    print(f"{'feed':<28} {'newest record':<20} {'asked for':<20} {'rows':>10}")
    for feed in feeds:
        name = f"{feed.feed}:{feed.ecosystem}"
        print(f"{name:<28} {_moment(feed.date):<20} {_moment(feed.updated_at):<20} {feed.rows:>10,}")
    print(f"{'total':<70} {sum(feed.rows for feed in feeds):>10,}")
    return OK


def resolve(advisories: str, settings: Settings, emit: Progress) -> Path:
    """The database for one scan that ``--advisories`` names: a file, or a bucket read into a cached one."""
    assert settings.advisories is not None
    if settings.offline and host_of(advisories):
        raise BadTarget("--offline: the advisories at a URL cannot be fetched; name a directory or a file")
    cache = settings.advisories.parent / "cache"
    try:
        return updates.resolve(advisories, cache, _fetch(advisories, settings), emit)
    except (Malformed, Unsupported) as error:
        raise BadTarget(f"--advisories {error}; expected a database made by: surveyor db update") from error
    except BadTarget as error:
        raise BadTarget(f"--advisories {error}") from error


def _fetch(source: str, settings: Settings) -> Fetch:
    """A guarded download; a mirror that the operator names may stand on a private address, nothing else may."""
    from surveyor.scan.net import Client

    mirror = host_of(source)
    return Client(replace(settings, allow_hosts=(*settings.allow_hosts, *((mirror,) if mirror else ())))).fetch


def _moment(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value else "unknown"
