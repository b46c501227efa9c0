"""Advisories that were had before, by id and time of change: one SQLite file that several scans may use at once."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Self

import zstandard

from surveyor.scan.advise import record as bounds

#: About 100 MB; those had longest ago go first.
_MOST = 50_000
_TABLE = """
CREATE TABLE IF NOT EXISTS record (
    id TEXT NOT NULL, modified TEXT NOT NULL, payload BLOB NOT NULL, had INTEGER NOT NULL, PRIMARY KEY (id, modified)
) WITHOUT ROWID
"""


class Kept:
    """Use as a context manager. A file that cannot be used keeps nothing beyond this scan, and breaks none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "records.db"
        self._db = sqlite3.connect(":memory:")

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._opened()
        except (sqlite3.Error, OSError):
            self._db = sqlite3.connect(":memory:", isolation_level=None)
            self._db.execute(_TABLE)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(sqlite3.Error):
            oldest = "SELECT id, modified FROM record ORDER BY had DESC LIMIT -1 OFFSET ?"
            self._db.execute(f"DELETE FROM record WHERE (id, modified) IN ({oldest})", (_MOST,))  # noqa: S608
        self._db.close()

    def has(self, identity: str, modified: str) -> bool:
        """Whether that state of a record is there."""
        return self.get(identity, modified) is not None

    def get(self, identity: str, modified: str) -> bytes | None:
        """A record's JSON."""
        try:
            row = self._db.execute(
                "SELECT payload FROM record WHERE id = ? AND modified = ?", (identity, modified)
            ).fetchone()
            return zstandard.ZstdDecompressor().decompress(row[0], bounds.MAX_RECORD_BYTES) if row else None
        except (sqlite3.Error, zstandard.ZstdError):
            return None

    def put(self, identity: str, modified: str, raw: bytes) -> bool:
        """Keep a record, other states of it go; whether it could be kept."""
        packed = zstandard.ZstdCompressor(level=3).compress(raw)
        try:
            self._db.execute("DELETE FROM record WHERE id = ?", (identity,))
            self._db.execute(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?, unixepoch())", (identity, modified, packed)
            )
        except sqlite3.Error:
            return False
        return True

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(_TABLE)
            db.execute("SELECT count(*) FROM record WHERE id = ''")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db
