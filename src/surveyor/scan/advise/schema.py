"""The advisory database's tables and the number that changes when they do."""

from __future__ import annotations

from typing import Final

#: In SQLite's ``user_version``. A reader takes this one only; the database is derived data and quickly made anew.
VERSION: Final = 4
#: In SQLite's ``application_id``: "SVYR".
APPLICATION: Final = 0x53565952

#: ``collection``: one scope of one feed, such as OSV's npm. ``ecosystem`` numbers the names that packages are looked
#: up under; ``answer`` says which collections speak of one. ``advisory``: one record by the feed's own name for it,
#: without payload when it is withdrawn or names no package. ``affected``: one row per (package, advisory), with what
#: decides about a version; an erratum names a hundred packages, so its own names stand with the advisory. ``fact``:
#: what a collection says of one flaw.
TABLES: Final = """
CREATE TABLE collection (
    n INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    scope TEXT NOT NULL,
    date TEXT NOT NULL DEFAULT '',
    updated_at TEXT NOT NULL DEFAULT '',
    rows INTEGER NOT NULL DEFAULT 0,
    etag TEXT,
    digest TEXT,
    cursor TEXT NOT NULL DEFAULT '',
    failed_at TEXT NOT NULL DEFAULT '',
    failure TEXT NOT NULL DEFAULT '',
    rest_dictionary BLOB,
    record_dictionary BLOB,
    UNIQUE (feed, scope)
);
CREATE TABLE ecosystem (
    n INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE answer (
    ecosystem INTEGER NOT NULL,
    collection INTEGER NOT NULL,
    PRIMARY KEY (ecosystem, collection)
) WITHOUT ROWID;
CREATE TABLE advisory (
    n INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    entry TEXT NOT NULL,
    modified TEXT NOT NULL,
    names TEXT NOT NULL,
    payload BLOB
);
CREATE INDEX advisory_entry ON advisory (collection, entry);
CREATE TABLE affected (
    ecosystem INTEGER NOT NULL,
    name TEXT NOT NULL,
    advisory INTEGER NOT NULL,
    collection INTEGER NOT NULL,
    ranges TEXT,
    state TEXT,
    rest BLOB,
    PRIMARY KEY (ecosystem, name, advisory)
) WITHOUT ROWID;
CREATE INDEX affected_advisory ON affected (advisory);
CREATE TABLE fact (
    cve TEXT NOT NULL,
    collection INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (cve, collection)
) WITHOUT ROWID;
"""
#: What a database of this schema may not have yet. To count the records of a collection without reading them: all of
#: its entries less those without payload.
LATER: Final = "CREATE INDEX IF NOT EXISTS advisory_bare ON advisory (collection) WHERE payload IS NULL"
