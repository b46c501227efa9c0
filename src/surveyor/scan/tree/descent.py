"""What walks over filesystems with directories share: the order, names that may be, and that every loop ends.

Directories are walked depth first without recursion, so that a walk holds one open listing a level and no list of what
is still to come.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import Budget
from surveyor.scan.tree.entry import Entry, Tally, Wanted
from surveyor.scan.tree.folders import LEADING_OUT
from surveyor.scan.values import frozen

_DEPTH = 256
_PATH = 16 << 10


@frozen
class Folder:
    """A directory that was met, with the path of what is in it; each filesystem adds where it is."""

    path: bytes
    depth: int


F = TypeVar("F", bound=Folder)


class Descent(ABC, Generic[F]):
    """One pass over the directories. What cannot be read is counted as closed, and the walk goes on behind it."""

    def __init__(self, root: F, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._root = root
        self._wanted = wanted
        self._budget = budget
        self._seen = bytearray()

    def __iter__(self) -> Iterator[Entry]:
        levels = [self._told(self._root)]
        while levels:
            for found in levels[-1]:
                if isinstance(found, Entry):
                    yield found
                    continue
                levels.append(self._told(found))
                break
            else:
                levels.pop()

    @abstractmethod
    def _listing(self, folder: F) -> Iterator[Entry | F]:
        """The folders and wanted entries of a directory; raises where it is damaged, after those before."""

    def _told(self, folder: F) -> Iterator[Entry | F]:
        name = folder.path.rstrip(b"/") or b"."
        if folder.depth > _DEPTH or len(folder.path) > _PATH:
            self.closed.add(name, "directories are too deep")
            return
        try:
            yield from self._listing(folder)
        except Malformed as error:
            self.closed.add(name, str(error))

    def _mark(self, number: int) -> None:
        """Mark a directory as met by a number of its own, which the filesystem bounds."""
        byte, bit = divmod(number, 8)
        if byte >= len(self._seen):
            self._seen += bytes(byte + 1 - len(self._seen))
        if self._seen[byte] & 1 << bit:
            raise Malformed("directory is met a second time")
        self._seen[byte] |= 1 << bit

    def _note(self, path: bytes, name: bytes) -> bool:
        """Count an entry; whether it has no name that a file in a directory can have, so that it is not read."""
        self.entries += 1
        if not self.entries & 0x3FF:
            self._budget.entry(0x400)
        if b"/" not in name and b"\0" not in name and name not in LEADING_OUT:
            return False
        (self.closed if b"\0" in name else self.climbing).add(path + name, "name is damaged")
        return True

    def _close(self, name: bytes, error: Malformed | Unsupported | LimitExceeded) -> None:
        """Count a file that cannot be read; what one takes too much of, another may not."""
        self._budget.check_time()
        self.closed.add(name, str(error))
