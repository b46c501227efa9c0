"""Of what a database says something else than it did, so that only inventories that hold some of it are matched again.

A database has a lineage, made with it, and a generation, which goes up with each update that changes what is said. Each
package and flaw is kept with the generation that touched it last. A *state* is both, ``LINEAGE.GENERATION``: what a
stored inventory was matched with. Beyond a bound nothing is kept, and everything counts as changed.

That a feed was read again is no change: what is said of a package before and after is compared, byte by byte.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from surveyor.scan.values import frozen

#: What one update may touch before everything counts as changed, and what is kept of all of them.
MOST: Final = 50_000
_KEPT: Final = 200_000
#: Feeds of facts that move every day for every flaw: no inventory is matched again for a score that moved.
_RESTLESS: Final = frozenset({"epss"})
#: In the place of an ecosystem's number: the name is a flaw's.
_FLAW: Final = 0
#: All that an advisory says of a package, in values that have an order.
_SAID: Final = "ifnull(a.ranges, ''), ifnull(a.state, ''), ifnull(a.rest, x''), v.names, v.payload"

#: Beside the tables of the schema; a database of this schema that has none yet is one of which nothing is known.
TABLES: Final = """
CREATE TABLE IF NOT EXISTS lineage (name TEXT NOT NULL, generation INTEGER NOT NULL, floor INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS change (
    ecosystem INTEGER NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (ecosystem, name)
) WITHOUT ROWID;
"""

_Pair = tuple[int, str]


@frozen
class Changes:
    """What is said otherwise at ``state`` than at an earlier one: packages by ecosystem and name, flaws by CVE.

    ``everything``: nobody knows what, since the earlier state is of another database or too long ago.
    """

    state: str
    everything: bool = False
    packages: tuple[tuple[str, str], ...] = ()
    flaws: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether there is nothing to match again."""
        return not (self.everything or self.packages or self.flaws)


class Touched:
    """What an update has written or removed, until it is compared with what was there before."""

    def __init__(self, db: sqlite3.Connection, base: Path | None) -> None:
        self._db, self._base = db, base
        self._pairs: set[_Pair] = set()
        self._whole: set[int] = set()
        self._over = False
        db.executescript(TABLES)
        if db.execute("SELECT 1 FROM lineage").fetchone() is None:
            # of what a database without a lineage said before, nothing was told
            db.execute("INSERT INTO lineage VALUES (?, 0, 0)", (secrets.token_hex(8),))

    def note(self, pairs: Iterable[_Pair]) -> None:
        """Packages, by the number of their ecosystem, that a record names or named."""
        if self._base is None or self._over:
            return
        self._pairs.update(pairs)
        self._over = len(self._pairs) > 4 * MOST

    def note_flaw(self, cve: str, feed: str) -> None:
        """A flaw of which a feed of facts says something."""
        if feed not in _RESTLESS:
            self.note(((_FLAW, cve),))

    def note_all(self, collection: int, feed: str) -> None:
        """A collection that is written anew: all of it is compared."""
        if self._base is not None and feed not in _RESTLESS:
            self._whole.add(collection)

    def settle(self) -> None:
        """Write down what has changed against the database that this one began as; a new one has nothing to compare."""
        if self._base is None or not (self._pairs or self._whole or self._over):
            return
        self._db.execute("ATTACH ? AS base", (f"file:{quote(str(self._base.absolute()))}?mode=ro&immutable=1",))
        try:
            changed = None if self._over else self._changed()
        finally:
            self._db.execute("DETACH base")
        if changed is None or changed:
            self._write(changed)

    def _changed(self) -> set[_Pair] | None:
        """The pairs of which something else is said now; ``None`` for too many."""
        changed = {pair for pair in self._pairs if self._said("main", pair) != self._said("base", pair)}
        for collection in self._whole:
            changed |= _differing(self._all("main", collection), self._all("base", collection))
        return changed if len(changed) <= MOST else None

    def _said(self, schema: str, pair: _Pair) -> list[tuple[object, ...]]:
        ecosystem, name = pair
        if ecosystem == _FLAW:
            asked = f"SELECT f.collection, f.payload FROM {schema}.fact f WHERE f.cve = ?"  # noqa: S608 - ours
            return sorted(self._db.execute(asked, (name,)))
        asked = (
            f"SELECT v.collection, v.entry, {_SAID} FROM {schema}.affected a"  # noqa: S608 - ours
            f" JOIN {schema}.advisory v ON v.n = a.advisory WHERE a.ecosystem = ? AND a.name = ?"
        )
        return sorted(self._db.execute(asked, pair))

    def _all(self, schema: str, collection: int) -> dict[_Pair, int]:
        """What one collection says of each of its packages and flaws, as a number that no order changes."""
        out: dict[_Pair, int] = {}
        for ecosystem, name, *said in self._rows(schema, collection):
            out[ecosystem, name] = out.get((ecosystem, name), 0) + hash(tuple(said))
        return out

    def _rows(self, schema: str, collection: int) -> Iterator[tuple[int, str, object]]:
        yield from self._db.execute(
            f"SELECT a.ecosystem, a.name, v.entry, {_SAID} FROM {schema}.affected a"  # noqa: S608 - ours
            f" JOIN {schema}.advisory v ON v.n = a.advisory WHERE a.collection = ?",
            (collection,),
        )
        yield from self._db.execute(
            f"SELECT {_FLAW}, cve, payload FROM {schema}.fact WHERE collection = ?",  # noqa: S608 - ours
            (collection,),
        )

    def _write(self, changed: set[_Pair] | None) -> None:
        (generation,) = self._db.execute(
            "UPDATE lineage SET generation = generation + 1 RETURNING generation"
        ).fetchone()
        if changed is None:
            self._db.execute("DELETE FROM change")
            self._db.execute("UPDATE lineage SET floor = ?", (generation,))
            return
        self._db.execute("BEGIN")
        rows = ((ecosystem, name, generation) for ecosystem, name in changed)
        self._db.executemany("INSERT OR REPLACE INTO change (ecosystem, name, generation) VALUES (?, ?, ?)", rows)
        self._forget()
        self._db.execute("COMMIT")

    def _forget(self) -> None:
        """Drop the oldest generations while too much is kept."""
        while True:
            kept, oldest = self._db.execute("SELECT count(*), min(generation) FROM change").fetchone()
            if kept <= _KEPT:
                return
            self._db.execute("DELETE FROM change WHERE generation = ?", (oldest,))
            self._db.execute("UPDATE lineage SET floor = ?", (oldest,))


def _differing(one: dict[_Pair, int], other: dict[_Pair, int]) -> set[_Pair]:
    return {pair for pair in one.keys() | other.keys() if one.get(pair) != other.get(pair)}


def state(db: sqlite3.Connection) -> str:
    """The state of an open database; empty for one that was built before states were kept."""
    found = _lineage(db)
    return f"{found[0]}.{found[1]}" if found else ""


def since(db: sqlite3.Connection, earlier: str) -> Changes:
    """What an open database says otherwise than at an earlier state."""
    found = _lineage(db)
    if found is None:
        return Changes(state="", everything=True)
    name, generation, floor = found
    now, (of, _, number) = f"{name}.{generation}", earlier.rpartition(".")
    if of != name or not number.isdecimal() or not floor <= int(number) <= generation:
        return Changes(state=now, everything=True)
    rows = db.execute(
        "SELECT c.ecosystem, coalesce(e.name, ''), c.name FROM change c LEFT JOIN ecosystem e ON e.n = c.ecosystem"
        " WHERE c.generation > ? ORDER BY 1, 3",
        (int(number),),
    ).fetchall()
    return Changes(
        state=now,
        packages=tuple((ecosystem, name) for number_, ecosystem, name in rows if number_ != _FLAW),
        flaws=tuple(name for number_, _, name in rows if number_ == _FLAW),
    )


def _lineage(db: sqlite3.Connection) -> tuple[str, int, int] | None:
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'lineage'").fetchone() is None:
        return None
    found: tuple[str, int, int] | None = db.execute("SELECT name, generation, floor FROM lineage").fetchone()
    return found
