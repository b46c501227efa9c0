"""The headers of an RPM database, whichever of its kinds it is."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.rpm import bdb, ndb, sqlite
from surveyor.scan.formats.rpm.header import Header
from surveyor.scan.vocabulary import counted

_TABLE = "Packages"
_NUMBER = 4  # bytes of the one value in Berkeley DB that is no header: the next package's number


def headers(data: memoryview) -> Iterator[Header]:
    """Every header that can be read; raises at the end when there were others."""
    blobs, passed = _blobs(data)
    broken, why = 0, ""
    for blob in blobs:
        try:
            header = Header(blob)
        except Malformed as error:
            broken, why = broken + 1, why or str(error)
            continue
        yield header
    if lost := passed.lost + broken:
        raise Malformed(f"{counted(lost, 'part')} of the RPM database could not be read: {passed.why or why}")


def _blobs(data: memoryview) -> tuple[Iterator[memoryview], sqlite.Rows | ndb.Headers | bdb.Values]:
    magic = bytes(data[:16])
    if magic.startswith(ndb.MAGIC):
        found = ndb.Headers(data)
        return iter(found), found
    if bdb.is_bdb(data):
        values = bdb.Values(data)
        return (value for value in values if len(value) > _NUMBER), values
    if magic == sqlite.MAGIC:
        rows = sqlite.Rows(sqlite.database(data))
        return _second(rows), rows
    if sqlite.is_log(magic):
        rows = sqlite.Rows(sqlite.log(data))
        return _second(rows), rows
    raise Malformed("RPM database of no known kind: its beginning is damaged")


def _second(rows: sqlite.Rows) -> Iterator[memoryview]:
    """The blobs of ``Packages(hnum, blob)``."""
    for row in rows.of(_TABLE):
        if len(row) > 1 and isinstance(row[1], memoryview):
            yield row[1]
