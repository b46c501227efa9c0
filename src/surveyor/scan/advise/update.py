"""Brings the advisory database up to date: what changed since last time, feed by feed and scope by scope, in a copy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from surveyor.scan.advise import snapshot
from surveyor.scan.advise.build import Builder, Collection
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known
from surveyor.scan.advise.fields import moment
from surveyor.scan.advise.origin import Fetch
from surveyor.scan.advise.record import Advisory, Fact, Mark, Unread
from surveyor.scan.advise.sources import Wanted, want
from surveyor.scan.advise.swap import alone, replace, sweep, written
from surveyor.scan.advise.unread import ABSENT
from surveyor.scan.errors import Malformed, ScanError, Unreachable, Unsupported
from surveyor.scan.events import Progress
from surveyor.scan.settings import host_of
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted

_NOTES = 10
_UNREAD = 20_000
#: A scope that has lost more of its records than this at once is taken for a broken source.
_MOST_LOST = 0.2
_SMALL = 20
#: An unchanged database is not written anew more often only to say that it was looked at.
_TOUCHED = timedelta(hours=6)


class Action(StrEnum):
    """What became of one scope; ``KEPT`` and ``FAILED``: it could not be had, with and without older records."""

    UNCHANGED = "unchanged"
    UPDATED = "updated"
    KEPT = "kept"
    FAILED = "failed"


@frozen
class CollectionResult:
    """One scope's part of an update, in records; the scope is empty where a feed has no parts.

    ``changed`` were written, ``withdrawn`` of them dropped, ``removed`` are gone from the source, ``broken`` could not
    be read (what was there before stays), of ``cut`` only a part could. ``notes`` are the first reasons.
    """

    feed: str
    scope: str
    action: Action
    rows: int = 0
    changed: int = 0
    withdrawn: int = 0
    removed: int = 0
    broken: int = 0
    cut: int = 0
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The feed, and its scope where it has one."""
        return f"{self.feed}:{self.scope}" if self.scope else self.feed


@frozen
class UpdateResult:
    """What an update did."""

    database: Path
    collections: tuple[CollectionResult, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """What could not be had."""
        return tuple(item.name for item in self.collections if item.action in {Action.KEPT, Action.FAILED})


@dataclass(slots=True)
class _Run:
    """One update under way; a copy is made at the first change since the last was taken into use."""

    database: Path
    base: Path | None
    marks: dict[tuple[str, str], Mark]
    now: datetime
    accept_loss: bool
    _builder: Builder | None = field(default=None, init=False)

    @property
    def partial(self) -> Path:
        return self.database.with_name(f"{self.database.name}.new")

    @property
    def at(self) -> str:
        return self.now.isoformat(timespec="seconds")

    def builder(self) -> Builder:
        if self._builder is None:
            self._builder = Builder(self.partial, base=self.base)
        return self._builder

    def had(self, wanted: Wanted) -> bool:
        """Whether something of a feed is there, so that only what has changed since is asked for."""
        return any(feed == wanted.feed.id and mark.updated_at for (feed, _), mark in self.marks.items())

    def mark(self, wanted: Wanted, scope: str) -> Mark:
        return self.marks.get((wanted.feed.id, scope), Mark())

    def known(self, wanted: Wanted, scope: str, progress: Progress) -> Known:
        def entries() -> Mapping[str, str]:
            if self.base is None:
                return {}
            with snapshot.open_snapshot(self.base) as opened:
                return opened.entries(wanted.feed.id, scope)

        def tell(words: str, part: float) -> None:
            progress(f"{wanted.feed.id}.update", words, pct=int(100 * min(max(part, 0.0), 1.0)))

        return Known(mark=self.mark(wanted, scope), entries=entries, now=self.now, tell=tell)

    def publish(self) -> None:
        """Take the copy into use; what comes is built upon it."""
        if self._builder is not None:
            builder, self._builder = self._builder, None
            builder.close()
            replace(self.partial, self.database)
            self.base = self.database

    def drop(self) -> None:
        """Leave nothing but the database behind, whatever failed."""
        try:
            if self._builder is not None:
                self._builder.close()
        finally:
            sweep(self.database)


def update(
    wanted: Sequence[Wanted],
    database: Path,
    *,
    progress: Progress,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    accept_loss: bool = False,
) -> UpdateResult:
    """Make ``database`` say what the feeds say now.

    The database is replaced before and after each feed that is had for the first time, since the slowest takes a
    quarter of an hour, and once at the end for all that were had before: each time is a copy of all of it. A scope that
    cannot be had keeps its records. ``accept_loss`` believes a source that has lost a fifth of its records and more.
    Raises ``Unreachable`` when nothing could be had, ``BadTarget`` when another update is running, ``Unwritable`` when
    the disk is full.
    """
    with written(database), alone(database):
        marks, base = _marks(database, progress)
        run = _Run(database, base, marks, now(), accept_loss)
        results: list[CollectionResult] = []
        try:
            for item in wanted:
                if not run.had(item):
                    run.publish()
                told = _feed(run, item, progress)
                results += told
                if not run.had(item) and any(one.changed or one.removed for one in told):
                    run.publish()
            had = any(one.action in {Action.UPDATED, Action.UNCHANGED} for one in results)
            if had or run.base is not None:
                run.publish()
        finally:
            run.drop()
    if results and not had:
        raise Unreachable(
            f"nothing could be had: {'; '.join(dict.fromkeys(item.notes[0] for item in results))[:1_000]}"
        )
    failed = {item.feed for item in results if item.action in {Action.KEPT, Action.FAILED}}
    for item in wanted:
        if item.feed.id not in failed:
            item.origin.release()
    return UpdateResult(database=database, collections=tuple(results))


def _feed(run: _Run, wanted: Wanted, progress: Progress) -> list[CollectionResult]:
    """Update one feed; its failure is a result."""
    name, source = wanted.feed.id, wanted.origin.source
    with progress.timing(f"{name}.update"):
        try:
            scopes = wanted.scopes or wanted.feed.scopes(wanted.origin)
            if not scopes:
                raise Malformed(f"{source}: names nothing to read")
        except ScanError as error:
            results = [_could_not(run, wanted, "", error, progress)]
        else:
            told = f"{source}: {counted(len(scopes), 'part')}"
            progress(f"{name}.update.start", told, source=source, scopes=len(scopes))
            results = [
                _one(run, wanted, scope, progress, pct=100 * at // len(scopes)) for at, scope in enumerate(scopes)
            ]
    rows = sum(item.rows for item in results)
    failed = [item.name for item in results if item.action in {Action.KEPT, Action.FAILED}]
    progress(f"{name}.update.done", f"rows={rows} failed={len(failed)}", rows=rows, failed=failed)
    return results


def resolve(advisories: str, cache_dir: Path, fetch: Fetch, progress: Progress) -> Path:
    """The database that a person named: a database file itself, or a bucket (directory, URL) read into a cached one.

    A bucket that cannot be had now is served from the cache when it was had before, with an ``osv.warn`` event.
    """
    path, web = Path(advisories), host_of(advisories)
    if not web and path.is_file():
        with snapshot.open_snapshot(path):
            return path
    asked = want(feed("osv"), advisories, fetch=fetch)
    place = advisories if web else str(path.resolve())
    cached = cache_dir / f"{hashlib.sha256(place.encode()).hexdigest()[:24]}.db"
    try:
        update([asked], cached, progress=progress)
    except Unreachable as error:
        if not cached.is_file():
            raise
        progress("osv.warn", f"{error}; using what was had before")
    return cached


def _one(run: _Run, wanted: Wanted, scope: str, progress: Progress, *, pct: int) -> CollectionResult:
    """Update one scope; its failure is a result, and leaves its records as they were."""
    try:
        result = _collect(run, wanted, scope, progress)
    except ScanError as error:
        result = _could_not(run, wanted, scope, error, progress)
    counts = {name: getattr(result, name) for name in ("rows", "changed", "withdrawn", "removed", "broken", "cut")}
    detail = " ".join(f"{name}={count}" for name, count in counts.items())
    told = f"{scope or wanted.feed.id}: {result.action} {detail}"
    progress(f"{wanted.feed.id}.update", told, pct=pct, ecosystem=scope, action=result.action, **counts)
    return result


def _could_not(run: _Run, wanted: Wanted, scope: str, error: ScanError, progress: Progress) -> CollectionResult:
    """Write down why a scope could not be had, beside what is there of it."""
    name, reason = wanted.feed.id, f"{error.code}: {error}"
    mark = run.mark(wanted, scope)
    progress(f"{name}.update.err", f"{scope or name}: {error}", reason=error.code)
    run.builder().failed(name, scope, at=run.at, reason=reason[:500])
    action = Action.KEPT if mark.updated_at else Action.FAILED
    return CollectionResult(feed=name, scope=scope, action=action, rows=mark.rows, notes=(reason,))


def _collect(run: _Run, wanted: Wanted, scope: str, progress: Progress) -> CollectionResult:
    feed, mark = wanted.feed, run.mark(wanted, scope)
    with feed.fetch(wanted.origin, scope, run.known(wanted, scope, progress)) as changes:
        if changes is None:
            # a date ahead of now is of a clock that was wrong
            if not timedelta() <= _age(mark, run.now) < _TOUCHED:
                run.builder().checked(feed.id, scope, at=run.at)
            return CollectionResult(feed=feed.id, scope=scope, action=Action.UNCHANGED, rows=mark.rows)
        with run.builder().collection(feed.id, scope) as collection:
            result = _write(run, feed, scope, collection, changes)
            if result.broken and not result.rows:
                raise Malformed(f"none of {counted(result.broken, 'record')} could be read: {result.notes[0]}")
            if not run.accept_loss and mark.rows >= _SMALL and result.rows < mark.rows * (1 - _MOST_LOST):
                raise Malformed(
                    f"{mark.rows:,} records have become {result.rows:,}; a source that lost so much at once is not"
                    " believed (--accept-loss does)"
                )
            return result


def _write(run: _Run, feed: Feed, scope: str, collection: Collection, changes: Changes) -> CollectionResult:
    tally = _Tally(missing=changes.announced, newest=run.marks.get((feed.id, scope), Mark()).date)
    if changes.whole:
        collection.clear()
    for fetched in changes.records:
        tally.write(collection, feed, scope, fetched)
    gone = set(changes.gone)
    for name in gone:
        collection.remove(name)
    if changes.whole and run.base is not None and tally.unread:
        collection.restore(run.base, tally.unread)
    # a list that could not be followed to its end must not count as read
    whole = not tally.broken and tally.missing <= 0
    rows = collection.finish(
        Mark(
            # files alone have no list that has a date
            date=changes.date or tally.newest,
            updated_at=run.at,
            etag=changes.etag if whole else None,
            digest=changes.digest if whole else None,
            cursor=changes.cursor,
        )
    )
    absent = f"{counted(tally.missing, 'record')} listed but not there" if tally.missing > 0 else ""
    if absent:
        tally.note(absent)
    collection.unread(ABSENT, [Unread(reason=absent, records=tally.missing)] if absent else [])
    return CollectionResult(
        feed=feed.id,
        scope=scope,
        action=Action.UPDATED,
        rows=rows,
        changed=tally.changed,
        withdrawn=tally.withdrawn,
        removed=len(gone),
        broken=tally.broken,
        cut=tally.cut,
        notes=tuple(tally.notes),
    )


def _age(mark: Mark, now: datetime) -> timedelta:
    """The time since a scope was last looked at; endless when nobody knows."""
    try:
        return now - datetime.fromisoformat(mark.updated_at)
    except (ValueError, TypeError):
        return timedelta.max


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Counts of one scope while it is read."""

    missing: int
    changed: int = 0
    withdrawn: int = 0
    broken: int = 0
    cut: int = 0
    newest: str = ""
    notes: list[str] = field(default_factory=list)
    #: the first names of what could not be read
    unread: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def write(self, collection: Collection, feed: Feed, scope: str, fetched: Fetched) -> None:
        """Put one record, or count why not."""
        name, date, raw = fetched
        if self.missing > 0 and name not in self._seen:
            self._seen.add(name)
            self.missing -= 1
        try:
            if isinstance(raw, ScanError):
                raise raw
            items, cut = _apart(feed.normalise(raw, scope))
        except ScanError as error:
            self.broken += 1
            if len(self.unread) < _UNREAD:
                self.unread.append(name)
            reason = f"{error.code}: {error}"
            self.note(f"{name[:128]}: {reason}")
            about = tuple(feed.about_what(name, raw if isinstance(raw, bytes) else b"", scope)) or (("", ""),)
            collection.unread(name, [Unread(reason=reason, ecosystem=where, name=what) for where, what in about])
            return
        self.changed += 1
        self.withdrawn += any(getattr(item, "withdrawn", False) for item in items)
        for item in items:
            if item.modified > self.newest and moment(item.modified):
                self.newest = item.modified
        collection.put(name, date, items)
        if cut:
            self.cut += 1
            self.note(f"{name[:128]}: {cut[0].reason}")
        collection.unread(name, cut)

    def note(self, text: str) -> None:
        """Keep the first reasons."""
        if len(self.notes) < _NOTES:
            self.notes.append(text[:500])


def _apart(items: Iterable[Advisory | Fact | Unread]) -> tuple[list[Advisory | Fact], list[Unread]]:
    """What was read of a record, and what was not."""
    read: list[Advisory | Fact] = []
    cut: list[Unread] = []
    for item in items:
        if isinstance(item, Unread):
            cut.append(item)
        else:
            read.append(item)
    return read, cut


def _marks(database: Path, progress: Progress) -> tuple[dict[tuple[str, str], Mark], Path | None]:
    """How far each scope of the database in use is, and that database when it can be built upon."""
    if not database.is_file():
        return {}, None
    try:
        with snapshot.open_snapshot(database) as opened:
            return opened.marks(), database
    except (Malformed, Unsupported) as error:
        progress("osv.warn", f"{error}; it is made anew")
        return {}, None
