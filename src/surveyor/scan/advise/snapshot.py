"""The advisory database as a scan sees it: read-only, by package, with little memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from surveyor.scan.advise import changes, schema
from surveyor.scan.advise.changes import Changes
from surveyor.scan.advise.codec import Codec
from surveyor.scan.advise.names import canonical
from surveyor.scan.advise.packing import Record, Row, unpack_fact, unpack_record, unpack_row
from surveyor.scan.advise.record import Fact, Mark
from surveyor.scan.errors import Malformed, NotConfigured, Unsupported

_CACHE_KIB = 16_384
#: Records kept at once, about 2 kB each.
_RECENT = 1_024
#: CVEs in one question; SQLite takes 999 parameters everywhere.
_AT_ONCE = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """One scope of a feed: the date of its data, how many records, when they were last had, and why not since.

    ``scope`` is empty where a feed has no parts; ``failure`` is empty unless the last time failed.
    """

    feed: str
    scope: str
    date: datetime | None
    rows: int
    updated_at: datetime | None
    failed_at: datetime | None = None
    failure: str = ""

    @property
    def name(self) -> str:
        """The feed, and its scope where it has one."""
        return f"{self.feed}:{self.scope}" if self.scope else self.feed


class Snapshot:
    """One open database; not safe to share between threads."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.collections = {row[0]: _status(row[1:]) for row in db.execute(_STATUS)}
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
        self._ranges: dict[int, Codec] = {}
        self._records: dict[int, Codec] = {}
        self._recent: dict[int, Record] = {}
        self._ahead: dict[int, None] = {}
        self._payloads: dict[int, object] = {}
        self._expected: dict[tuple[int, str], list[_Packed]] = {}

    def answering(self, ecosystem: str) -> tuple[FeedStatus, ...]:
        """The collections that speak of an ecosystem."""
        return self._answering.get(ecosystem, ())

    def affected(self, ecosystem: str, name: str) -> list[Row]:
        """Every advisory that names this package, in a steady order."""
        number = self._ecosystems.get(ecosystem)
        if number is None:
            return []
        key = number, canonical(ecosystem, name)
        rows = self._expected.pop(key, None)
        if rows is None:
            rows = self._db.execute(f"{_AFFECTED} = ?", key).fetchall()
        return [
            unpack_row(
                advisory, collection, self._codec(self._ranges, collection, "affected_dictionary").unpack(payload)
            )
            for advisory, collection, payload, _ in rows
        ]

    def expect(self, names: Iterable[tuple[str, str]]) -> None:
        """Read what many will be asked about, by ecosystem and name, with few questions to SQLite."""
        by_ecosystem: dict[int, dict[str, None]] = {}
        for ecosystem, name in names:
            if (number := self._ecosystems.get(ecosystem)) is not None:
                by_ecosystem.setdefault(number, {})[canonical(ecosystem, name)] = None
        for number, wanted in by_ecosystem.items():
            listed = list(wanted)
            found: dict[str, list[_Packed]] = {}
            for at in range(0, len(listed), _AT_ONCE):
                some = listed[at : at + _AT_ONCE]
                asked = f"{_AFFECTED} IN ({','.join('?' * len(some))})"
                for row in self._db.execute(asked, (number, *some)):
                    found.setdefault(row[3], []).append(row)
            self._expected |= {(number, name): found.get(name, []) for name in listed}

    def ahead(self, rows: Iterable[Row]) -> None:
        """Know whose records will be asked for, in that order: they are read many at once."""
        self._ahead = dict.fromkeys(row.advisory for row in rows)

    def record(self, row: Row) -> Record:
        """The rest of the advisory that a row belongs to; the last ones are kept, an erratum being told per flaw."""
        held = self._recent.get(row.advisory)
        if held is None:
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            held = self._recent[row.advisory] = self._read(row)
        return held

    def facts(self, cves: Iterable[str]) -> dict[str, dict[str, Fact]]:
        """What the feeds of facts say of these flaws: CVE → feed → fact."""
        wanted, out = list(dict.fromkeys(cves)), dict[str, dict[str, Fact]]()
        for at in range(0, len(wanted), _AT_ONCE):
            some = wanted[at : at + _AT_ONCE]
            asked = f"SELECT cve, collection, payload FROM fact WHERE cve IN ({','.join('?' * len(some))})"  # noqa: S608
            for cve, collection, payload in self._db.execute(asked, some):
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
        """The time of change of each record of a scope, by the feed's name for it."""
        chosen = (
            "SELECT entry, modified FROM advisory"
            " WHERE collection = (SELECT n FROM collection WHERE feed = ? AND scope = ?)"
        )
        return dict(self._db.execute(chosen, (feed, scope)))

    @property
    def state(self) -> str:
        """Which database this is and how far: what stored inventories that were matched with it remember."""
        return changes.state(self._db)

    def changes(self, since: str) -> Changes:
        """What is said otherwise than at an earlier state."""
        return changes.since(self._db, since)

    def _read(self, row: Row) -> Record:
        codec = self._codec(self._records, row.collection, "record_dictionary")
        payload = self._payload(row.advisory)
        if payload is None:
            raise Malformed("the advisory database lacks a record that it names")
        return unpack_record(codec.unpack(payload))

    def _payload(self, advisory: int) -> object:
        if advisory in self._ahead:
            del self._ahead[advisory]
            some = [advisory, *islice(self._ahead, _AT_ONCE - 1)]
            for each in some[1:]:
                del self._ahead[each]
            asked = f"SELECT n, payload FROM advisory WHERE n IN ({','.join('?' * len(some))})"  # noqa: S608
            self._payloads = dict(self._db.execute(asked, some))
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


#: An advisory, whose it is, its ranges as they are packed, and the name.
_Packed: TypeAlias = tuple[int, int, bytes, str]
_AFFECTED = "SELECT advisory, collection, payload, name FROM affected WHERE ecosystem = ? AND name"
#: What SQLite writes down of the tables and indexes that there are.
_KNOWN = {part.strip().replace(" IF NOT EXISTS", "") for part in (schema.TABLES + changes.TABLES).split(";")}

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


def _status(row: tuple[str, str, str, int, str, str, str]) -> FeedStatus:
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
