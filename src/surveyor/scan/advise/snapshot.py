"""The advisory database as a scan sees it: read-only, by package, with little memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from surveyor.scan.advise import changes, schema, unread
from surveyor.scan.advise.changes import Changes
from surveyor.scan.advise.codec import Codec
from surveyor.scan.advise.names import canonical, folding
from surveyor.scan.advise.packing import (
    Bounds,
    Names,
    Record,
    Row,
    row,
    unpack_fact,
    unpack_names,
    unpack_record,
    unpack_rest,
)
from surveyor.scan.advise.record import Fact, Mark
from surveyor.scan.errors import Malformed, NotConfigured, Unsupported
from surveyor.scan.values import frozen

_CACHE_KIB = 16_384
#: Records kept at once, about 2 kB each.
_RECENT = 1_024
#: CVEs in one question; SQLite takes 999 parameters everywhere.
_AT_ONCE = 900


@frozen
class FeedStatus:
    """One scope of a feed: the date of its data, how many records, when they were last had, and why not since.

    ``scope`` is empty where a feed has no parts; ``failure`` is empty unless the last time failed. ``unread`` counts
    the records that could not be read, in whole or in part.
    """

    feed: str
    scope: str
    date: datetime | None
    rows: int
    updated_at: datetime | None
    failed_at: datetime | None = None
    failure: str = ""
    unread: int = 0

    @property
    def name(self) -> str:
        """The feed, and its scope where it has one."""
        return f"{self.feed}:{self.scope}" if self.scope else self.feed


class Snapshot:
    """One open database; not safe to share between threads."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        missed = unread.counts(db)
        self.collections = {row[0]: _status(row[1:], missed.get(row[0], 0)) for row in db.execute(_STATUS)}
        self._ecosystems: dict[str, int] = dict(db.execute("SELECT name, n FROM ecosystem"))
        _texts(*self._ecosystems)
        self._answering: dict[str, tuple[FeedStatus, ...]] = {}
        asked = "SELECT name, collection FROM answer JOIN ecosystem ON n = ecosystem ORDER BY collection"
        for name, collection in db.execute(asked):
            if collection not in self.collections:
                raise Malformed("the advisory database lacks a collection that it names")
            self._answering[name] = (*self._answering.get(name, ()), self.collections[collection])
        #: Every ecosystem, with its release where it has one, that some advisory names.
        self.ecosystems = frozenset(self._answering)
        self._rests: dict[int, Codec] = {}
        self._records: dict[int, Codec] = {}
        self._recent: dict[int, Record] = {}
        self._ahead: dict[int, None] = {}
        self._payloads: dict[int, object] = {}
        self._expected: dict[tuple[str, str], list[Bounds]] = {}

    def answering(self, ecosystem: str) -> tuple[FeedStatus, ...]:
        """The collections that speak of an ecosystem."""
        return self._answering.get(ecosystem, ())

    def affected(self, ecosystem: str, name: str) -> list[Row]:
        """Every advisory that names this package, in a steady order."""
        found = self.bounds(ecosystem, name)
        names = self.names(each[0] for each in found)
        return [self.row(each, names[each[0]]) for each in found]

    def bounds(self, ecosystem: str, name: str) -> list[Bounds]:
        """What decides about a version of this package, of every advisory that names it, in a steady order."""
        rows = self._expected.pop((ecosystem, name), None)
        if rows is None:
            number = self._ecosystems.get(ecosystem)
            rows = self._db.execute(f"{_AFFECTED} = ?", (number, canonical(ecosystem, name))).fetchall()
        if not self.collections.keys() >= {each[1] for each in rows}:
            raise Malformed("the advisory database lacks a collection that it names")
        return rows

    def rest(self, bounds: Bounds) -> tuple[list[str], str]:
        """The versions that an advisory lists one by one, and why it says what it says."""
        _, collection, _, _, rest, _ = bounds
        if rest is None:
            return [], ""
        return unpack_rest(self._codec(self._rests, collection, "rest_dictionary").unpack(rest))

    def row(self, bounds: Bounds, names: Names) -> Row:
        """All that one advisory says of a package."""
        return row(bounds, names, self.rest(bounds))

    def names(self, advisories: Iterable[int]) -> dict[int, Names]:
        """What these advisories go by."""
        asked = set(advisories)
        found = {n: unpack_names(text) for n, text in self._among("SELECT n, names FROM advisory WHERE n", asked)}
        if len(found) < len(asked):
            raise Malformed("the advisory database lacks a record that it names")
        return found

    def expect(self, names: Iterable[tuple[str, str]]) -> None:
        """Read what many will be asked about, by ecosystem and name, with few questions to SQLite."""
        wanted: dict[str, dict[str, list[Bounds]]] = {}
        folds: dict[str, Callable[[str], str]] = {}
        for asked in names:
            ecosystem, name = asked
            if ecosystem not in folds:
                folds[ecosystem], wanted[ecosystem] = folding(ecosystem), {}
            self._expected[asked] = wanted[ecosystem].setdefault(folds[ecosystem](name), [])
        for ecosystem, found in wanted.items():
            for each in self._among(_AFFECTED, found, self._ecosystems.get(ecosystem)):
                found[each[5]].append(each)

    def expects(self, ecosystem: str, name: str) -> bool:
        """Whether some advisory is known to name a package that was to be asked about."""
        return bool(self._expected.get((ecosystem, name)))

    def _among(self, asked: str, values: Collection[Any], *first: object) -> Iterator[tuple[Any, ...]]:
        """Ask for many values of the last column, each once, in few questions."""
        try:
            # in the table's own order, so that no page of it is read twice
            waiting = sorted(values)
        except TypeError as error:
            raise Malformed("a strange value in the advisory database") from error
        for at in range(0, len(waiting), _AT_ONCE):
            some = waiting[at : at + _AT_ONCE]
            # at once, so that no question is open when something ends in the middle
            yield from self._db.execute(f"{asked} IN ({','.join('?' * len(some))})", (*first, *some)).fetchall()

    def ahead(self, advisories: Iterable[int]) -> None:
        """Know which records will be asked for, in that order: they are read many at once."""
        self._ahead = dict.fromkeys(advisories)

    def record(self, advisory: int, collection: int) -> Record:
        """What an advisory tells besides; the last ones are kept, an erratum being told per flaw."""
        held = self._recent.get(advisory)
        if held is None:
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            held = self._recent[advisory] = self._read(advisory, collection)
        return held

    def facts(self, cves: Iterable[str]) -> dict[str, dict[str, Fact]]:
        """What the feeds of facts say of these flaws: CVE → feed → fact."""
        out: dict[str, dict[str, Fact]] = {}
        for cve, collection, payload in self._among("SELECT cve, collection, payload FROM fact WHERE cve", set(cves)):
            codec = self._codec(self._records, collection, "record_dictionary")
            feed = self.collections[collection].feed
            out.setdefault(cve, {})[feed] = unpack_fact(cve, codec.unpack(payload))
        return out

    def marks(self) -> dict[tuple[str, str], Mark]:
        """How far each scope of each feed was read, by feed and scope."""
        rows = self._db.execute("SELECT feed, scope, etag, digest, date, cursor, updated_at, rows FROM collection")
        return {
            (feed, scope): Mark(etag=etag, digest=digest, date=date, cursor=cursor, updated_at=updated_at, rows=count)
            for feed, scope, etag, digest, date, cursor, updated_at, count in rows
        }

    def entries(self, feed: str, scope: str) -> dict[str, str]:
        """The time of change of each record of a scope, by the feed's name for it; empty of one that was not read."""
        chosen = (
            "SELECT entry, modified FROM advisory"
            " WHERE collection = (SELECT n FROM collection WHERE feed = ? AND scope = ?)"
        )
        missed = dict.fromkeys(unread.names(self._db, feed, scope), "")
        return {**missed, **dict(self._db.execute(chosen, (feed, scope)))}

    def unread(self, collection: int) -> list[unread.Row]:
        """The records of a collection that could not be read, by what they are about."""
        return unread.rows(self._db, collection)

    @property
    def state(self) -> str:
        """Which database this is and how far: what stored inventories that were matched with it remember."""
        return changes.state(self._db)

    def changes(self, since: str) -> Changes:
        """What is said otherwise than at an earlier state."""
        return changes.since(self._db, since)

    def _read(self, advisory: int, collection: int) -> Record:
        codec = self._codec(self._records, collection, "record_dictionary")
        payload = self._payload(advisory)
        if payload is None:
            raise Malformed("the advisory database lacks a record that it names")
        return unpack_record(codec.unpack(payload))

    def _payload(self, advisory: int) -> object:
        if advisory in self._ahead:
            del self._ahead[advisory]
            some = [advisory, *islice(self._ahead, _AT_ONCE - 1)]
            for each in some[1:]:
                del self._ahead[each]
            self._payloads = dict(self._among("SELECT n, payload FROM advisory WHERE n", some))
        if advisory not in self._payloads:
            one = self._db.execute("SELECT n, payload FROM advisory WHERE n = ?", (advisory,))
            self._payloads.update(one)
        return self._payloads.pop(advisory, None)

    def _codec(self, kept: dict[int, Codec], collection: int, column: str) -> Codec:
        if collection not in kept:
            if collection not in self.collections:
                raise Malformed("the advisory database lacks a collection that it names")
            row = self._db.execute(f"SELECT {column} FROM collection WHERE n = ?", (collection,)).fetchone()  # noqa: S608
            kept[collection] = Codec(row[0] if row else None)
        return kept[collection]


_AFFECTED = "SELECT advisory, collection, ranges, state, rest, name FROM affected WHERE ecosystem = ? AND name"
#: What SQLite writes down of the tables and indexes that there are.
_TABLES = ";".join((schema.TABLES, schema.LATER, changes.TABLES, unread.TABLES))
_KNOWN = {part.strip().replace(" IF NOT EXISTS", "") for part in _TABLES.split(";")}

_STATUS = "SELECT n, feed, scope, date, rows, updated_at, failed_at, failure FROM collection"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _texts(*values: object) -> None:
    """Raise ``Malformed`` for a value that is no text: SQLite keeps whatever is put into a column."""
    if not all(isinstance(value, str) for value in values):
        raise Malformed("a strange value in the advisory database")


def _status(row: tuple[str, str, str, int, str, str, str], missed: int) -> FeedStatus:
    feed, scope, date, rows, updated_at, failed_at, failure = row
    _texts(feed, scope, date, updated_at, failed_at, failure)
    if not isinstance(rows, int):
        raise Malformed("a strange value in the advisory database")
    return FeedStatus(
        feed=feed,
        scope=scope,
        date=_moment(date),
        rows=rows,
        updated_at=_moment(updated_at),
        failed_at=_moment(failed_at),
        failure=failure,
        unread=missed,
    )


def check(db: sqlite3.Connection, path: Path) -> None:
    """Raise ``Unsupported`` for another schema than this version's, ``Malformed`` for what only says that it has it."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != schema.APPLICATION:
        raise Unsupported(f"{path}: not an advisory database")
    if version != schema.VERSION:
        word = "newer" if version > schema.VERSION else "older"
        raise Unsupported(
            f"{path}: an advisory database of {word} schema {version}, this version reads {schema.VERSION};"
            " make it anew with: surveyor db update"
        )
    # a view of that name could compute for ever, and so could a column
    if any(sql is not None and sql not in _KNOWN for (sql,) in db.execute("SELECT sql FROM sqlite_master")):
        raise Malformed(f"{path}: an advisory database with other tables than its own; make it anew")


@contextmanager
def open_snapshot(path: Path) -> Iterator[Snapshot]:
    """Open a database for one scan: read-only, as a file that never changes, since updates replace it whole.

    Raises ``NotConfigured`` when there is none, ``Unsupported`` for another schema, ``Malformed`` for a broken file.
    """
    if not path.is_file():
        raise NotConfigured(f"no advisory database at {path}; make one with: surveyor db update")
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            check(db, path)
            db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            yield Snapshot(db)
    except sqlite3.DatabaseError as error:
        raise Malformed(f"{path}: {error}") from error


def status(path: Path) -> tuple[FeedStatus, ...]:
    """What a database holds, feed by feed; raises as ``open_snapshot`` does."""
    with open_snapshot(path) as snapshot:
        return tuple(sorted(snapshot.collections.values(), key=lambda item: (item.feed, item.scope)))
