"""Files of a tar that a package file is, or has inside: for catalogers, which have bytes and no tree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.limits import Budget
from surveyor.scan.tree.entry import Entry, Kind, Wanted
from surveyor.scan.tree.inflate import DECODERS
from surveyor.scan.tree.stream import Inflated, form_of
from surveyor.scan.tree.tar import TarWalk

_ENTRIES = 20_000
_ALL = Wanted(re.compile(rb""))


def members(data: memoryview, wanted: re.Pattern[bytes], budget: Budget) -> Iterator[Entry]:
    """The files whose paths match as a whole, in the order of the tar, whatever it is compressed with.

    Walking on makes the bytes of the last one invalid. Raises when the tar is damaged, or names very many files.
    """
    form = form_of(bytes(data[:16]))
    chunks = iter((bytes(data),)) if form == "plain" else DECODERS[form](data, budget)
    walk = TarWalk(Inflated(chunks, budget), _ALL, budget)
    for entry in walk:
        if entry.kind is Kind.FILE and wanted.fullmatch(entry.name):
            yield entry
        if walk.entries > _ENTRIES:
            raise LimitExceeded(f"not among the first {_ENTRIES:,} files of the package")


def first(data: memoryview, wanted: re.Pattern[bytes], budget: Budget, limit: int) -> bytes | None:
    """The bytes of the first such file; nothing when there is none."""
    for entry in members(data, wanted, budget):
        return bytes(entry.read(limit))
    return None
