"""Reads the records of a zip, bounded in entries, bytes and ratio; one bad entry does not end the archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Container, Iterator
from typing import BinaryIO

from surveyor.scan.advise.record import MAX_RECORD_BYTES
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError

MAX_ENTRIES = 2_000_000
MAX_INFLATED = 32 << 30
#: Deflate gives at most about 1,030 to 1; JSON gives 3 to 30.
MAX_RATIO = 200
_RATIO_FROM = 1 << 20
_SUFFIX = ".json"


def records(file: BinaryIO, wanted: Container[str] | None) -> Iterator[tuple[str, bytes | ScanError]]:
    """Each ``<name>.json`` of the zip, by name without suffix, or why it could not be read.

    ``wanted`` chooses by name (``None``: all). Raises ``Malformed`` or ``LimitExceeded`` when the whole archive is bad.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Malformed(f"not a zip: {error}") from error
    with archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise LimitExceeded(f"a zip of {len(entries):,} entries")
        total = 0
        for entry in entries:
            name = entry.filename
            if not name.endswith(_SUFFIX) or (wanted is not None and name.removesuffix(_SUFFIX) not in wanted):
                continue
            content = _read(archive, entry)
            if isinstance(content, bytes):
                total += len(content)
                if total > MAX_INFLATED:
                    raise LimitExceeded(f"a zip of more than {MAX_INFLATED:,} bytes")
            yield name.removesuffix(_SUFFIX), content


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | ScanError:
    try:
        with archive.open(entry) as stream:
            # what the directory says about sizes is a claim; only what is read counts
            content = stream.read(MAX_RECORD_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        return Malformed(f"cannot be read: {error}")
    if len(content) > MAX_RECORD_BYTES:
        return LimitExceeded(f"more than {MAX_RECORD_BYTES:,} bytes")
    if len(content) > _RATIO_FROM and len(content) > max(entry.compress_size, 1) * MAX_RATIO:
        return LimitExceeded(f"compression ratio over {MAX_RATIO}:1")
    return content
