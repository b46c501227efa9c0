"""Reads the records of a tar, compressed or not, bounded in entries, bytes and ratio; one bad entry does not end it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from typing import BinaryIO

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.limits import GIB, Budget, Limits
from surveyor.scan.tree.entry import Blob, Entry, Kind, Wanted
from surveyor.scan.tree.tar import TarLayer

#: JSON of one kind gives 20 to 60 to 1.
_LIMITS = Limits(seconds=4 * 3600.0, entries=2_000_000, inflated_bytes=128 * GIB, ratio=1_000)
_WANTED = Wanted(re.compile(rb"[^\0]*\.json\Z"))


def records(file: BinaryIO, *, max_bytes: int) -> Iterator[tuple[str, bytes | ScanError]]:
    """Each ``….json`` of the tar by its path, or why it could not be read; ``file`` is one on disk.

    Raises ``Malformed``, ``Unsupported`` or ``LimitExceeded`` when the whole archive is bad, after what came before.
    """
    try:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise Malformed("an empty archive") from error
    layer = TarLayer(blob=Blob(buffer=mapped, start=0, end=len(mapped)))
    for entry in layer.walk(_WANTED, Budget(_LIMITS)):
        if entry.kind is Kind.FILE:
            yield entry.path, _read(entry, max_bytes)


def _read(entry: Entry, max_bytes: int) -> bytes | ScanError:
    try:
        return bytes(entry.read(max_bytes))
    except LimitExceeded as error:
        return error
