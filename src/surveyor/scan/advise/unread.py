"""What feeds say and could not be read when the database was made: by package and flaw, for the scans it concerns.

An unreadable record about another package than those of an inventory is told and changes nothing. About one that is
here it is something that nobody looked at; and so are many of which not even that can be told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from surveyor.scan.advise import rhel
from surveyor.scan.advise.names import canonical, folding
from surveyor.scan.advise.record import Unread
from surveyor.scan.errors import Malformed
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.vocabulary import counted

#: Beside the tables of the schema; of a database that has none yet nothing unread is known.
TABLES: Final = """
CREATE TABLE IF NOT EXISTS unread (
    collection INTEGER NOT NULL,
    entry TEXT NOT NULL,
    ecosystem TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (collection, entry, ecosystem, name)
) WITHOUT ROWID;
"""
#: Records of one collection, and packages of one record, that are kept by name.
_MOST_ENTRIES = 20_000
_MOST_NAMES = 200
_LONGEST = 200
#: The part of a collection that may be unread, about nobody knows what, before it counts as read in part.
_BEARABLE = 0.01
_SHOWN = 5
#: What all that is listed and not there goes by, in the place of a record's name.
ABSENT: Final = "not there"


class Notes:
    """What could not be read of one collection, while that is being written."""

    def __init__(self, db: sqlite3.Connection, collection: int) -> None:
        self._db, self._n = db, collection
        self._held = {entry for (entry,) in db.execute("SELECT entry FROM unread WHERE collection = ?", (collection,))}
        self._now: set[str] = set()

    def write(self, entry: str, items: Sequence[Unread]) -> None:
        """What of a record was not read now, in the place of what was not the last time; mostly nothing."""
        if entry in self._held and entry not in self._now:
            self.forget(entry)
        if not items or (entry not in self._held and len(self._held) >= _MOST_ENTRIES):
            return
        self._held.add(entry)
        self._now.add(entry)
        rows = [_row(item) for item in items]
        if len(rows) > _MOST_NAMES:
            rows = [*rows[:_MOST_NAMES], ("", "", rows[0][2], rows[0][3])]
        self._db.executemany(
            "INSERT OR REPLACE INTO unread (collection, entry, ecosystem, name, reason, records)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(self._n, entry, *row) for row in rows],
        )

    def forget(self, entry: str) -> None:
        """A record that was read, or that is gone."""
        if entry in self._held:
            self._held.remove(entry)
            self._db.execute("DELETE FROM unread WHERE collection = ? AND entry = ?", (self._n, entry))

    def clear(self) -> None:
        """All of them: the collection is written anew."""
        self._held.clear()
        self._db.execute("DELETE FROM unread WHERE collection = ?", (self._n,))


def _row(item: Unread) -> tuple[str, str, str, int]:
    name = canonical(item.ecosystem, item.name) if item.ecosystem else item.name
    return item.ecosystem[:_LONGEST], name[:_LONGEST], item.reason[:_LONGEST], item.records


class Row(NamedTuple):
    """One record of a feed by the feed's name for it, and one package or flaw that it is about."""

    entry: str
    ecosystem: str
    name: str
    reason: str
    records: int


def _is_kept(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'unread'").fetchone() is not None


def counts(db: sqlite3.Connection) -> dict[int, int]:
    """How many records of each collection could not be read, in whole or in part; those with none are left out."""
    if not _is_kept(db):
        return {}
    records = "SELECT collection, max(records) AS records FROM unread GROUP BY collection, entry"
    found = db.execute(f"SELECT collection, sum(records) FROM ({records}) GROUP BY collection").fetchall()  # noqa: S608
    if not all(isinstance(count, int) for _, count in found):
        raise Malformed("a strange value in the advisory database")
    return dict(found)


def names(db: sqlite3.Connection, feed: str, scope: str) -> list[str]:
    """The feed's names of the records of a scope that could not be read."""
    if not _is_kept(db):
        return []
    asked = (
        "SELECT DISTINCT entry FROM unread JOIN collection ON n = collection"
        " WHERE feed = ? AND scope = ? AND entry <> ?"
    )
    return [entry for (entry,) in db.execute(asked, (feed, scope, ABSENT))]


def rows(db: sqlite3.Connection, collection: int) -> list[Row]:
    """All of one collection that could not be read."""
    asked = "SELECT entry, ecosystem, name, reason, records FROM unread WHERE collection = ? ORDER BY entry"
    found = [Row(*row) for row in db.execute(asked, (collection,))]
    if not all(isinstance(value, str) for row in found for value in row[:4]):
        raise Malformed("a strange value in the advisory database")
    return found


class Asked:
    """What a scan asks about: names by ecosystem and, once they are found, flaws."""

    def __init__(self, names: Iterable[tuple[str, str]], flaws: Collection[str]) -> None:
        self._names: set[tuple[str, str]] = set()
        self._bases: set[str] = set()
        asked: dict[str, set[str]] = {}
        for ecosystem, name in names:
            asked.setdefault(ecosystem, set()).add(name)
        for ecosystem, several in asked.items():
            base, fold = ecosystem.partition(":")[0], folding(ecosystem)
            self._bases.add(base)
            keys = [fold(name) for name in several]
            if base == rhel.BASE:
                # of a module it goes by that too, which no PURL says
                keys += [key.rpartition("/")[2] for key in keys]
            self._names.update((where, key) for where in {ecosystem, base} for key in keys)
        self._flaws = flaws

    def concerns(self, row: Row) -> bool:
        """Whether something unread is about one of these."""
        return (row.ecosystem, row.name) in self._names if row.ecosystem else row.name in self._flaws

    def may_concern(self, row: Row) -> bool:
        """Whether nobody knows: it has no name, and is of an ecosystem that is asked about, or of any."""
        return not row.name and (not row.ecosystem or row.ecosystem in self._bases)


def coverage(name: str, total: int, missed: Sequence[Row], asked: Asked) -> Coverage:
    """What it means for a scan that these records of a collection, beside a ``total`` that were, were not read."""
    concerning = [row for row in missed if asked.concerns(row)]
    count = _count(concerning or missed)
    told, state = counted(count, "record"), CoverageState.PARTIAL
    if concerning:
        told += f" about {', '.join(sorted({row.name for row in concerning})[:_SHOWN])}"
    elif _count([row for row in missed if asked.may_concern(row)]) <= total * _BEARABLE and len(missed) < _MOST_ENTRIES:
        told, state = f"{told} beside {total:,}, none about what is here as far as can be told,", CoverageState.LOOKED
    else:
        told += f" beside {total:,}"
    detail = f"{told} could not be read: {_named(concerning or missed)}"
    return Coverage(what=f"advisories.{name}", state=state, reason="unread_records", detail=detail, count=count)


def _count(missed: Sequence[Row]) -> int:
    return sum({row.entry: row.records for row in missed}.values())


def _named(missed: Sequence[Row]) -> str:
    several = {row.entry: row.reason for row in missed}
    shown = [f"{entry[:80]} ({reason})" for entry, reason in list(several.items())[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(several) - _SHOWN:,} more" if len(several) > _SHOWN else "")
