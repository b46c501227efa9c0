"""Brings the advisory database up to date: what changed since last time, ecosystem by ecosystem, in a copy."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from surveyor.scan.advise import snapshot
from surveyor.scan.advise.build import Builder, Collection
from surveyor.scan.advise.feeds import osv
from surveyor.scan.advise.origin import Directory, Fetch, Origin, Web
from surveyor.scan.errors import BadTarget, Malformed, ScanError, Unreachable, Unsupported, Unwritable
from surveyor.scan.events import Progress
from surveyor.scan.evidence import has_userinfo
from surveyor.scan.vocabulary import counted

_NOTES = 10


class Action(StrEnum):
    """What became of one ecosystem; ``KEPT`` and ``FAILED``: it could not be had, with and without older records."""

    UNCHANGED = "unchanged"
    UPDATED = "updated"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionResult:
    """One ecosystem's part of an update, in records.

    ``changed`` were written, ``withdrawn`` of them dropped, ``removed`` are gone from the source, ``broken`` could not
    be read (what was there before stays). ``notes`` are the first reasons.
    """

    ecosystem: str
    action: Action
    rows: int = 0
    changed: int = 0
    withdrawn: int = 0
    removed: int = 0
    broken: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """What an update did."""

    database: Path
    source: str
    collections: tuple[CollectionResult, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Ecosystems that could not be had."""
        return tuple(item.ecosystem for item in self.collections if item.action in {Action.KEPT, Action.FAILED})


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a collection is."""

    etag: str | None
    digest: str | None
    rows: int


@dataclass(slots=True)
class _Run:
    """One update under way; the copy is made at the first change."""

    origin: Origin
    database: Path
    marks: dict[str, _Mark]
    base: Path | None
    now: str
    _builder: Builder | None = field(default=None, init=False)

    @property
    def partial(self) -> Path:
        return self.database.with_name(f"{self.database.name}.new")

    def builder(self) -> Builder:
        if self._builder is None:
            self._builder = Builder(self.partial, base=self.base)
        return self._builder

    def finish(self, *, keep: bool) -> None:
        """Take the copy into use, or drop it; nothing but the database is left behind, whatever fails."""
        try:
            if self._builder is not None:
                self._builder.close()
                if keep:
                    _replace(self.partial, self.database)
        finally:
            _sweep(self.database)


def update(
    source: str | Path,
    database: Path,
    *,
    fetch: Fetch,
    progress: Progress,
    ecosystems: tuple[str, ...] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> UpdateResult:
    """Make ``database`` say what the bucket at ``source`` (a directory or an http(s) URL) says now.

    ``ecosystems`` names those to look at (``None``: all that the bucket has). The database is replaced at once, at the
    end, or not at all. Raises ``Unreachable`` when nothing could be had, ``BadTarget`` when another update is running,
    ``Unwritable`` when the disk is full or not ours.
    """
    with _written(database), _alone(database), progress.timing("osv.update"):
        origin = _origin(source, fetch)
        marks, base = _marks(database, progress)
        run = _Run(origin, database, marks, base, now().isoformat(timespec="seconds"))
        chosen = ecosystems or osv.ecosystems(origin)
        progress("osv.update.start", f"{origin.source}: {len(chosen)} ecosystems", ecosystems=len(chosen))
        keep = False
        try:
            results = [_one(run, name, progress, pct=100 * at // len(chosen)) for at, name in enumerate(chosen)]
            keep = any(item.action is Action.UPDATED for item in results)
        finally:
            run.finish(keep=keep)
    if all(item.action is Action.FAILED for item in results):
        raise Unreachable(
            f"{origin.source}: no ecosystem could be had; {'; '.join(results[0].notes) if results else 'none'}"
        )
    result = UpdateResult(database=database, source=origin.source, collections=tuple(results))
    rows = sum(item.rows for item in results)
    progress("osv.update.done", f"rows={rows} failed={len(result.failed)}", rows=rows, failed=list(result.failed))
    return result


def resolve(advisories: str, cache_dir: Path, fetch: Fetch, progress: Progress) -> Path:
    """The database that a person named: a database file itself, or a bucket (directory, URL) read into a cached one.

    A bucket that cannot be had now is served from the cache when it was had before, with an ``osv.warn`` event.
    """
    path = Path(advisories)
    if not _is_url(advisories) and path.is_file():
        with snapshot.open_snapshot(path):
            return path
    check_source(advisories)
    if not _is_url(advisories):
        advisories = str(path.resolve())
    cached = cache_dir / f"{hashlib.sha256(advisories.encode()).hexdigest()[:24]}.db"
    try:
        update(advisories, cached, fetch=fetch, progress=progress)
    except Unreachable as error:
        if not cached.is_file():
            raise
        progress("osv.warn", f"{error}; using what was had before")
    return cached


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def check_source(source: str | Path) -> None:
    """Raise ``BadTarget`` for what is neither a directory nor an http(s) URL; a password in it is not told."""
    if isinstance(source, str) and has_userinfo(source):
        raise BadTarget("a URL with a user name or password in it is not asked (rule: userinfo)")
    if isinstance(source, str) and _is_url(source):
        return
    if not Path(source).is_dir():
        kind = "only http and https URLs can be asked" if "://" in str(source) else "no such directory"
        raise BadTarget(f"{source}: {kind}; expected a folder or an http(s) URL with the layout of OSV's bucket")


def _origin(source: str | Path, fetch: Fetch) -> Origin:
    check_source(source)
    return Web(source, fetch) if isinstance(source, str) and _is_url(source) else Directory(Path(source))


def _one(run: _Run, ecosystem: str, progress: Progress, *, pct: int) -> CollectionResult:
    """Update one ecosystem; its failure is a result, and leaves its records as they were."""
    mark = run.marks.get(ecosystem)
    try:
        result = _collect(run, ecosystem)
    except ScanError as error:
        action = Action.KEPT if mark else Action.FAILED
        result = CollectionResult(
            ecosystem=ecosystem, action=action, rows=mark.rows if mark else 0, notes=(f"{error.code}: {error}",)
        )
        progress("osv.update.err", f"{ecosystem}: {error}", reason=error.code)
    counts = {name: getattr(result, name) for name in ("rows", "changed", "withdrawn", "removed", "broken")}
    detail = " ".join(f"{name}={count}" for name, count in counts.items())
    progress(
        "osv.update",
        f"{ecosystem}: {result.action} {detail}",
        pct=pct,
        ecosystem=ecosystem,
        action=result.action,
        **counts,
    )
    return result


def _collect(run: _Run, ecosystem: str) -> CollectionResult:
    mark = run.marks.get(ecosystem, _Mark(None, None, 0))
    index = osv.index(run.origin, ecosystem, etag=mark.etag, digest=mark.digest)
    if index.entries is None:
        return CollectionResult(ecosystem=ecosystem, action=Action.UNCHANGED, rows=mark.rows)
    with run.builder().collection(osv.NAME, ecosystem) as collection:
        known = collection.known()
        wanted = frozenset(name for name, date in index.entries.items() if known.get(name) != date)
        tally = _Tally(missing=len(wanted))
        for name, raw in osv.fetch(run.origin, ecosystem, wanted) if wanted else ():
            tally.write(collection, ecosystem, name, index.entries[name], raw)
        gone = known.keys() - index.entries.keys()
        for name in gone:
            collection.remove(name)
        # a list that could not be followed to its end must not count as read
        whole = not tally.broken and tally.missing <= 0
        rows = collection.finish(
            date=index.date,
            updated_at=run.now,
            etag=index.etag if whole else None,
            digest=index.digest if whole else None,
        )
    if tally.missing > 0:
        tally.note(f"{counted(tally.missing, 'record')} listed but not there")
    return CollectionResult(
        ecosystem=ecosystem,
        action=Action.UPDATED,
        rows=rows,
        changed=tally.changed,
        withdrawn=tally.withdrawn,
        removed=len(gone),
        broken=tally.broken,
        notes=tuple(tally.notes),
    )


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Counts of one ecosystem while it is read."""

    missing: int
    changed: int = 0
    withdrawn: int = 0
    broken: int = 0
    notes: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def write(self, collection: Collection, ecosystem: str, name: str, date: str, raw: bytes | ScanError) -> None:
        """Put one record, or count why not."""
        if name not in self._seen:
            self._seen.add(name)
            self.missing -= 1
        try:
            if isinstance(raw, ScanError):
                raise raw
            advisory = osv.normalise(raw, ecosystem)
        except ScanError as error:
            self.broken += 1
            self.note(f"{name[:128]}: {error.code}: {error}")
            return
        self.changed += 1
        self.withdrawn += advisory.withdrawn
        collection.put(name, date, advisory)

    def note(self, text: str) -> None:
        """Keep the first reasons."""
        if len(self.notes) < _NOTES:
            self.notes.append(text[:500])


def _marks(database: Path, progress: Progress) -> tuple[dict[str, _Mark], Path | None]:
    """How far each ecosystem of the database in use is, and that database when it can be built upon."""
    if not database.is_file():
        return {}, None
    try:
        with (
            snapshot.open_snapshot(database),
            closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as db,
        ):
            rows = db.execute(
                "SELECT ecosystem, etag, digest, rows FROM collection WHERE feed = ?", (osv.NAME,)
            ).fetchall()
    except (Malformed, Unsupported) as error:
        progress("osv.warn", f"{error}; it is made anew")
        return {}, None
    return {name: _Mark(etag, digest, count) for name, etag, digest, count in rows}, database


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    """One update at a time; what a killed one left behind goes."""
    with database.with_name(f"{database.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadTarget(f"{database}: another update is running") from error
        _sweep(database)
        yield


@contextmanager
def _written(database: Path) -> Iterator[None]:
    """Whatever cannot be written ends the update, not one ecosystem of it: the next would meet the same."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        kept = "; what was there before stays" if os.path.isfile(database) else ""  # noqa: PTH113 - never raises
        raise Unwritable(f"{database} was not updated: {where}{reason}{kept}") from error


def _sweep(database: Path) -> None:
    """Remove an unfinished copy and its journal."""
    for left in (f"{database.name}.new", f"{database.name}.new-journal"):
        database.with_name(left).unlink(missing_ok=True)


def _replace(made: Path, database: Path) -> None:
    """Put a finished file in the place of the old one, so that after a power cut there is one of the two."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(database)
    folder = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
