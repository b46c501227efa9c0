"""Writes the advisory database: a copy beside the one in use, which takes its place only when it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from surveyor.scan.advise import schema, swap, unread
from surveyor.scan.advise.changes import Touched
from surveyor.scan.advise.codec import Codec, train
from surveyor.scan.advise.needed import Needed
from surveyor.scan.advise.packing import (
    by_package,
    pack_fact,
    pack_names,
    pack_ranges,
    pack_record,
    pack_rest,
    pack_state,
)
from surveyor.scan.advise.record import Advisory, Fact, Mark, Unread

#: How many records a new collection's dictionaries are made from.
_SAMPLES = 1_000
_CACHE_KIB = 65_536


class Builder:
    """One database under construction; nothing in it is durable until ``close``."""

    def __init__(self, path: Path, *, base: Path | None) -> None:
        """Start from a copy of ``base``, or empty."""
        path.unlink(missing_ok=True)
        if base:
            swap.copy(base, path)
        # by address, so that the database in use can be attached read-only
        self._db = sqlite3.connect(f"file:{quote(str(path.absolute()))}", isolation_level=None, uri=True)
        # a crash in the middle loses a file that nobody reads; the journal is only for taking one collection back
        for pragma in ("journal_mode=TRUNCATE", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        if not base:
            self._db.executescript(schema.TABLES)
            self._db.execute(f"PRAGMA user_version={schema.VERSION}")
            self._db.execute(f"PRAGMA application_id={schema.APPLICATION}")
        self._db.executescript(unread.TABLES)
        self._db.execute(schema.LATER)
        self._touched = Touched(self._db, base)

    @contextmanager
    def collection(self, feed: str, scope: str) -> Iterator[Collection]:
        """The collection of that name, made when there is none; what is written is taken back when the block raises."""
        self._db.execute("BEGIN")
        try:
            self._db.execute("INSERT OR IGNORE INTO collection (feed, scope) VALUES (?, ?)", (feed, scope))
            yield Collection(self._db, feed, scope, self._touched)
        except BaseException:
            if self._db.in_transaction:  # a full disk ends it by itself
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def checked(self, feed: str, scope: str, *, at: str) -> None:
        """Note that a collection was asked for and is as it was."""
        changed = "UPDATE collection SET updated_at = ?, failed_at = '', failure = '' WHERE feed = ? AND scope = ?"
        self._db.execute(changed, (at, feed, scope))

    def failed(self, feed: str, scope: str, *, at: str, reason: str) -> None:
        """Note that a collection was asked for and could not be had; its records stay."""
        self._db.execute("INSERT OR IGNORE INTO collection (feed, scope) VALUES (?, ?)", (feed, scope))
        changed = "UPDATE collection SET failed_at = ?, failure = ? WHERE feed = ? AND scope = ?"
        self._db.execute(changed, (at, reason, feed, scope))

    def close(self) -> None:
        """Write down what has changed, and finish the file."""
        try:
            self._touched.settle()
        finally:
            self._db.close()


class Collection:
    """One feed's records of one scope, being written."""

    def __init__(self, db: sqlite3.Connection, feed: str, scope: str, touched: Touched) -> None:
        self._db, self._feed, self._scope, self._touched = db, feed, scope, touched
        row = db.execute(
            "SELECT n, updated_at, rest_dictionary, record_dictionary, rows FROM collection"
            " WHERE feed = ? AND scope = ?",
            (feed, scope),
        ).fetchone()
        self._n: int = row[0]
        # packed values are of use only with the dictionary they were packed with, so it is made once
        self._codecs = (Codec(row[2]), Codec(row[3])) if row[1] else None
        self._waiting: list[tuple[str, str, tuple[Advisory | Fact, ...]]] = []
        #: Nothing is there yet that a record could stand in the place of.
        self._bare = not row[1]
        self._rows: int = row[4]
        self._facts = False
        self._seen: set[str] = set()
        self._ecosystems: dict[str, int] = {}
        self._needed = Needed()
        self._notes = unread.Notes(db, self._n)

    def put(self, entry: str, modified: str, items: Iterable[Advisory | Fact]) -> None:
        """Write what one record says over what was there under its name; a fact's name is its CVE.

        The same name twice in one run is two records about one flaw: both stay, and a match unites them.
        """
        items = [item if isinstance(item, Fact) else self._needed.of(item) for item in items]
        if self._codecs is None:
            self._waiting.append((entry, modified, tuple(items)))
            if len(self._waiting) >= _SAMPLES:
                self._begin()
            return
        if not self._bare and entry not in self._seen:
            self.remove(entry)
            self._seen.add(entry)
        for item in items:
            if isinstance(item, Fact):
                self._put_fact(item)
            else:
                self._put_advisory(entry, modified, item)

    def unread(self, entry: str, items: Sequence[Unread]) -> None:
        """Note what of a record could not be read this time; what was there before stays unless it is written over."""
        self._notes.write(entry, items)

    def _put_fact(self, fact: Fact) -> None:
        assert self._codecs is not None
        self._facts = True
        self._touched.note_flaw(fact.cve, self._feed)
        packed = self._codecs[1].pack(pack_fact(fact))
        row = (fact.cve, self._n, packed)
        self._db.execute("INSERT OR REPLACE INTO fact (cve, collection, payload) VALUES (?, ?, ?)", row)

    def _put_advisory(self, entry: str, modified: str, advisory: Advisory) -> None:
        assert self._codecs is not None
        rests, records = self._codecs
        packed = None if not advisory.affected else records.pack(pack_record(advisory))
        cursor = self._db.execute(
            "INSERT INTO advisory (collection, entry, modified, names, payload) VALUES (?, ?, ?, ?, ?)",
            (self._n, entry, modified, pack_names(advisory), packed),
        )
        rows = [
            (
                self._ecosystem(ecosystem),
                name,
                cursor.lastrowid,
                self._n,
                pack_ranges(items),
                pack_state(items),
                rests.pack(rest) if (rest := pack_rest(items)) else None,
            )
            for (ecosystem, name), items in by_package(advisory).items()
        ]
        self._touched.note(row[:2] for row in rows)
        self._db.executemany(
            "INSERT INTO affected (ecosystem, name, advisory, collection, ranges, state, rest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def answers(self, ecosystem: str) -> None:
        """Note that the collection speaks of an ecosystem, whether or not it names a package of it."""
        self._ecosystem(ecosystem)

    def remove(self, entry: str) -> None:
        """Forget a record."""
        self._notes.forget(entry)
        if self._db.execute("DELETE FROM fact WHERE cve = ? AND collection = ?", (entry, self._n)).rowcount:
            self._facts = True
            self._touched.note_flaw(entry, self._feed)
        for (n,) in self._db.execute(
            "SELECT n FROM advisory WHERE collection = ? AND entry = ?", (self._n, entry)
        ).fetchall():
            self._touched.note(self._db.execute("SELECT ecosystem, name FROM affected WHERE advisory = ?", (n,)))
            self._db.execute("DELETE FROM affected WHERE advisory = ?", (n,))
            self._db.execute("DELETE FROM advisory WHERE n = ?", (n,))

    def clear(self) -> None:
        """Forget every record: what comes is all that there is."""
        of = (self._n,)
        self._touched.note_all(self._n, self._feed)
        self._db.execute("DELETE FROM affected WHERE advisory IN (SELECT n FROM advisory WHERE collection = ?)", of)
        self._db.execute("DELETE FROM advisory WHERE collection = ?", of)
        self._db.execute("DELETE FROM fact WHERE collection = ?", of)
        self._db.execute("DELETE FROM answer WHERE collection = ?", of)
        self._notes.clear()
        self._bare, self._rows = True, 0

    def restore(self, base: Path, entries: Iterable[str]) -> None:
        """Put back what the database in use has under these names: it was cleared, and cannot be read now.

        What is packed stays as it is, since a collection keeps its dictionaries.
        """
        of = (self._feed, self._scope)
        with closing(sqlite3.connect(f"file:{quote(str(base.absolute()))}?mode=ro&immutable=1", uri=True)) as old:
            for (n,) in old.execute("SELECT n FROM collection WHERE feed = ? AND scope = ?", of).fetchall():
                for entry in entries:
                    self._put_back(old, n, entry)

    def _put_back(self, old: sqlite3.Connection, collection: int, entry: str) -> None:
        for (payload,) in old.execute(
            "SELECT payload FROM fact WHERE cve = ? AND collection = ?", (entry, collection)
        ).fetchall():
            row = (entry, self._n, payload)
            self._db.execute("INSERT OR IGNORE INTO fact (cve, collection, payload) VALUES (?, ?, ?)", row)
            self._facts = True
        if self._db.execute("SELECT 1 FROM advisory WHERE collection = ? AND entry = ?", (self._n, entry)).fetchone():
            return
        asked = "SELECT n, entry, modified, names, payload FROM advisory WHERE collection = ? AND entry = ?"
        for n, *rest in old.execute(asked, (collection, entry)).fetchall():
            cursor = self._db.execute(
                "INSERT INTO advisory (collection, entry, modified, names, payload) VALUES (?, ?, ?, ?, ?)",
                (self._n, *rest),
            )
            named = (
                "SELECT e.name, a.name, a.ranges, a.state, a.rest FROM affected a"
                " JOIN ecosystem e ON e.n = a.ecosystem WHERE a.advisory = ?"
            )
            self._db.executemany(
                "INSERT INTO affected (ecosystem, name, advisory, collection, ranges, state, rest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (self._ecosystem(ecosystem), name, cursor.lastrowid, self._n, *said)
                    for ecosystem, name, *said in old.execute(named, (n,)).fetchall()
                ],
            )

    def finish(self, mark: Mark) -> int:
        """Write what is still waiting and how far the collection now is; how many records it has."""
        self._begin()
        rows = self._count()
        self._db.execute(
            "UPDATE collection SET date = ?, updated_at = ?, etag = ?, digest = ?, cursor = ?, failed_at = '',"
            " failure = '', rows = ? WHERE n = ?",
            (mark.date, mark.updated_at, mark.etag, mark.digest, mark.cursor, rows, self._n),
        )
        return rows

    def _count(self) -> int:
        """How many records there are: advisories on something, or flaws with facts, of which there may be more."""
        asked = "SELECT count(*) FROM advisory WHERE collection = ?"
        (every,) = self._db.execute(asked, (self._n,)).fetchone()
        (bare,) = self._db.execute(f"{asked} AND payload IS NULL", (self._n,)).fetchone()
        if not self._facts and self._rows <= every - bare:
            # they are not more than there were; to count them all facts of all feeds would be read
            return int(every - bare)
        (facts,) = self._db.execute("SELECT count(*) FROM fact WHERE collection = ?", (self._n,)).fetchone()
        return int(max(every - bare, facts))

    def _begin(self) -> None:
        """Make the dictionaries from what came first, then write it."""
        if self._codecs is not None:
            return
        waiting, self._waiting = self._waiting, []
        items = [item for _, _, several in waiting for item in several]
        advisories = [item for item in items if isinstance(item, Advisory)]
        packed = (pack_rest(several) for item in advisories for several in by_package(item).values())
        rests = list(filter(None, packed))
        records = [pack_fact(item) if isinstance(item, Fact) else pack_record(item) for item in items]
        dictionaries = train(rests[: _SAMPLES * 5]), train(records[: _SAMPLES * 5])
        self._db.execute(
            "UPDATE collection SET rest_dictionary = ?, record_dictionary = ? WHERE n = ?", (*dictionaries, self._n)
        )
        self._codecs = (Codec(dictionaries[0]), Codec(dictionaries[1]))
        for entry, modified, several in waiting:
            self.put(entry, modified, several)

    def _ecosystem(self, name: str) -> int:
        if name not in self._ecosystems:
            self._db.execute("INSERT OR IGNORE INTO ecosystem (name) VALUES (?)", (name,))
            (n,) = self._db.execute("SELECT n FROM ecosystem WHERE name = ?", (name,)).fetchone()
            self._db.execute("INSERT OR IGNORE INTO answer (ecosystem, collection) VALUES (?, ?)", (n, self._n))
            self._ecosystems[name] = n
        return self._ecosystems[name]
