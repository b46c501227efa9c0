"""The advisory database as a scan sees it: read-only, by package, with little memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from surveyor.scan.advise import schema
from surveyor.scan.advise.codec import Codec
from surveyor.scan.advise.names import canonical
from surveyor.scan.errors import Malformed, NotConfigured, Unsupported

_CACHE_KIB = 16_384
#: Records kept at once, about 2 kB each.
_RECENT = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """One feed's records of one ecosystem: the date of the newest, how many, when they were last asked for."""

    feed: str
    ecosystem: str
    date: datetime | None
    rows: int
    updated_at: datetime | None


class Row(NamedTuple):
    """What one advisory says about one package; ``ids`` begin with the record's own, ``ranges`` are flat events.

    A tuple, since a scan makes tens of thousands and a frozen dataclass takes four times as long to make.
    """

    advisory: int
    collection: int
    ids: tuple[str, ...]
    errata: tuple[str, ...]
    ranges: list[list[str]]
    versions: list[str]


class Record(NamedTuple):
    """The rest of one advisory: what a finding tells a person. A tuple for the same reason as ``Row``."""

    modified: str
    published: str
    summary: str
    details: str
    severity: tuple[tuple[str, str], ...]
    word: str
    references: tuple[str, ...]


class Snapshot:
    """One open database; not safe to share between threads."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.collections = {row[0]: _status(row[1:]) for row in db.execute(_STATUS)}
        self._ecosystems: dict[str, tuple[int, int]] = {
            name: (n, collection) for n, name, collection in db.execute("SELECT n, name, collection FROM ecosystem")
        }
        self._ranges: dict[int, Codec] = {}
        self._records: dict[int, Codec] = {}
        self._recent: dict[int, Record] = {}

    @property
    def ecosystems(self) -> frozenset[str]:
        """Every ecosystem, with its release where it has one, that some advisory names."""
        return frozenset(self._ecosystems)

    def collection(self, ecosystem: str) -> FeedStatus | None:
        """The collection that answers for an ecosystem."""
        found = self._ecosystems.get(ecosystem)
        return self.collections.get(found[1]) if found else None

    def affected(self, ecosystem: str, name: str) -> list[Row]:
        """Every advisory that names this package, in a steady order."""
        found = self._ecosystems.get(ecosystem)
        if found is None:
            return []
        number, collection = found
        codec = self._codec(self._ranges, collection, "affected_dictionary")
        rows = self._db.execute(
            "SELECT advisory, payload FROM affected WHERE ecosystem = ? AND name = ?",
            (number, canonical(ecosystem, name)),
        )
        return [_row(advisory, collection, codec.unpack(payload)) for advisory, payload in rows]

    def record(self, row: Row) -> Record:
        """The rest of the advisory that a row belongs to; the last ones are kept, an erratum being told per flaw."""
        held = self._recent.get(row.advisory)
        if held is None:
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            held = self._recent[row.advisory] = self._read(row)
        return held

    def _read(self, row: Row) -> Record:
        codec = self._codec(self._records, row.collection, "record_dictionary")
        found = self._db.execute("SELECT payload FROM advisory WHERE n = ?", (row.advisory,)).fetchone()
        if found is None or found[0] is None:
            raise Malformed("the advisory database lacks a record that it names")
        return _record(codec.unpack(found[0]))

    def _codec(self, kept: dict[int, Codec], collection: int, column: str) -> Codec:
        if collection not in kept:
            row = self._db.execute(f"SELECT {column} FROM collection WHERE n = ?", (collection,)).fetchone()  # noqa: S608
            kept[collection] = Codec(row[0] if row else None)
        return kept[collection]


_STATUS = "SELECT n, feed, ecosystem, date, rows, updated_at FROM collection"


def _row(advisory: int, collection: int, value: list[Any]) -> Row:
    try:
        ids, errata, ranges, versions = value
    except ValueError as error:
        raise Malformed("a strange value in the advisory database") from error
    return Row(advisory, collection, tuple(ids), tuple(errata), ranges, versions)


def _record(value: list[Any]) -> Record:
    try:
        modified, published, summary, details, severity, word, references = value
        pairs = tuple((str(system), str(vector)) for system, vector in severity)
    except (TypeError, ValueError) as error:
        raise Malformed("a strange value in the advisory database") from error
    return Record(
        modified=modified,
        published=published,
        summary=summary,
        details=details,
        severity=pairs,
        word=word,
        references=tuple(references),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _status(row: tuple[str, str, str, int, str]) -> FeedStatus:
    feed, ecosystem, date, rows, updated_at = row
    return FeedStatus(feed=feed, ecosystem=ecosystem, date=_moment(date), rows=rows, updated_at=_moment(updated_at))


def check(db: sqlite3.Connection, path: Path) -> None:
    """Raise ``Unsupported`` unless the database has the one schema that this version reads."""
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
        return tuple(sorted(snapshot.collections.values(), key=lambda item: (item.feed, item.ecosystem)))
