"""Writes the advisory database: a copy beside the one in use, which takes its place only when it is whole."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from surveyor.scan.advise import schema
from surveyor.scan.advise.codec import Codec, train
from surveyor.scan.advise.names import canonical
from surveyor.scan.advise.record import Advisory, Affected

#: How many records a new collection's dictionaries are made from.
_SAMPLES = 1_000
_CACHE_KIB = 65_536


class Builder:
    """One database under construction; nothing in it is durable until ``close``."""

    def __init__(self, path: Path, *, base: Path | None) -> None:
        """Start from a copy of ``base``, or empty."""
        path.unlink(missing_ok=True)
        if base:
            shutil.copyfile(base, path)
        self._db = sqlite3.connect(path, isolation_level=None)
        # a crash in the middle loses a file that nobody reads; the journal is only for taking one collection back
        for pragma in ("journal_mode=TRUNCATE", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        if not base:
            self._db.executescript(schema.TABLES)
            self._db.execute(f"PRAGMA user_version={schema.VERSION}")
            self._db.execute(f"PRAGMA application_id={schema.APPLICATION}")

    @contextmanager
    def collection(self, feed: str, ecosystem: str) -> Iterator[Collection]:
        """The collection of that name, made when there is none; what is written is taken back when the block raises."""
        self._db.execute("BEGIN")
        try:
            self._db.execute("INSERT OR IGNORE INTO collection (feed, ecosystem) VALUES (?, ?)", (feed, ecosystem))
            yield Collection(self._db, feed, ecosystem)
        except BaseException:
            if self._db.in_transaction:  # a full disk ends it by itself
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Finish the file."""
        self._db.close()


class Collection:
    """One feed's records of one ecosystem, being written."""

    def __init__(self, db: sqlite3.Connection, feed: str, ecosystem: str) -> None:
        self._db = db
        row = db.execute(
            "SELECT n, updated_at, affected_dictionary, record_dictionary FROM collection"
            " WHERE feed = ? AND ecosystem = ?",
            (feed, ecosystem),
        ).fetchone()
        self._n: int = row[0]
        # packed values are of use only with the dictionary they were packed with, so it is made once
        self._codecs = (Codec(row[2]), Codec(row[3])) if row[1] else None
        self._waiting: list[tuple[str, str, Advisory]] = []
        self._seen: set[str] = set()
        self._ecosystems: dict[str, int] = {}

    def known(self) -> dict[str, str]:
        """What is there: the feed's name of each record, and its time of change."""
        rows = self._db.execute("SELECT entry, modified FROM advisory WHERE collection = ?", (self._n,))
        return dict(rows.fetchall())

    def put(self, entry: str, modified: str, advisory: Advisory) -> None:
        """Write one record over what was there under its name.

        The same name twice in one run is two records about one flaw: both stay, and a match unites them.
        """
        if self._codecs is None:
            self._waiting.append((entry, modified, advisory))
            if len(self._waiting) >= _SAMPLES:
                self._begin()
            return
        if entry not in self._seen:
            self.remove(entry)
            self._seen.add(entry)
        packed = None if not advisory.affected else self._codecs[1].pack(_record(advisory))
        cursor = self._db.execute(
            "INSERT INTO advisory (collection, entry, modified, payload) VALUES (?, ?, ?, ?)",
            (self._n, entry, modified, packed),
        )
        rows = [
            (self._ecosystem(ecosystem), name, cursor.lastrowid, self._codecs[0].pack(_ranges(advisory, items)))
            for (ecosystem, name), items in _by_package(advisory).items()
        ]
        self._db.executemany("INSERT INTO affected (ecosystem, name, advisory, payload) VALUES (?, ?, ?, ?)", rows)

    def remove(self, entry: str) -> None:
        """Forget a record."""
        for (n,) in self._db.execute(
            "SELECT n FROM advisory WHERE collection = ? AND entry = ?", (self._n, entry)
        ).fetchall():
            self._db.execute("DELETE FROM affected WHERE advisory = ?", (n,))
            self._db.execute("DELETE FROM advisory WHERE n = ?", (n,))

    def finish(self, *, date: str, updated_at: str, etag: str | None, digest: str | None) -> int:
        """Write what is still waiting and the collection's dates; how many records it now has."""
        self._begin()
        self._db.execute(
            "UPDATE collection SET date = ?, updated_at = ?, etag = ?, digest = ?,"
            " rows = (SELECT count(*) FROM advisory WHERE collection = collection.n AND payload NOT NULL)"
            " WHERE n = ?",
            (date, updated_at, etag, digest, self._n),
        )
        (rows,) = self._db.execute("SELECT rows FROM collection WHERE n = ?", (self._n,)).fetchone()
        return int(rows)

    def _begin(self) -> None:
        """Make the dictionaries from what came first, then write it."""
        if self._codecs is not None:
            return
        waiting, self._waiting = self._waiting, []
        ranges = [_ranges(item[2], items) for item in waiting for items in _by_package(item[2]).values()]
        dictionaries = train(ranges[: _SAMPLES * 5]), train([_record(item[2]) for item in waiting])
        self._db.execute(
            "UPDATE collection SET affected_dictionary = ?, record_dictionary = ? WHERE n = ?", (*dictionaries, self._n)
        )
        self._codecs = (Codec(dictionaries[0]), Codec(dictionaries[1]))
        for entry, modified, advisory in waiting:
            self.put(entry, modified, advisory)

    def _ecosystem(self, name: str) -> int:
        if name not in self._ecosystems:
            self._db.execute("INSERT OR IGNORE INTO ecosystem (name, collection) VALUES (?, ?)", (name, self._n))
            (n,) = self._db.execute("SELECT n FROM ecosystem WHERE name = ?", (name,)).fetchone()
            self._ecosystems[name] = n
        return self._ecosystems[name]


def _by_package(advisory: Advisory) -> Mapping[tuple[str, str], list[Affected]]:
    """A record may name a package several times; its ranges are one union."""
    out: dict[tuple[str, str], list[Affected]] = {}
    for item in advisory.affected:
        out.setdefault((item.ecosystem, canonical(item.ecosystem, item.name)), []).append(item)
    return out


def _ranges(advisory: Advisory, items: list[Affected]) -> bytes:
    """``[[id, alias …], [erratum's flaw …], [range …], [version …]]``: all that deciding about one version needs."""
    ranges = [span for item in items for span in item.ranges]
    versions = [version for item in items for version in item.versions]
    return orjson.dumps([[advisory.id, *advisory.aliases], advisory.errata, ranges, versions])


def _record(advisory: Advisory) -> bytes:
    """``[modified, published, summary, details, severity, word, references]``: what a finding tells besides."""
    told = (advisory.modified, advisory.published, advisory.summary, advisory.details)
    return orjson.dumps([*told, advisory.severity, advisory.word, advisory.references])
