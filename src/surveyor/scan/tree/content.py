"""The bytes of a file in a filesystem, before somebody wants them: in one piece, in several, or still packed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.entry import PROGRAM_BYTES, Blob, Entry, Kind, is_program
from surveyor.scan.tree.stream import HELD, spool
from surveyor.scan.values import frozen

Chunk = bytes | memoryview


@frozen
class Content:
    """``chunks(count)`` gives the first bytes piece by piece, so many or a few more; ``place`` when they are one."""

    size: int
    chunks: Callable[[int], Iterator[Chunk]]
    place: Blob | None = None

    def read(self, count: int) -> memoryview:
        """The first bytes, ``count`` of them or all there are."""
        count = min(count, self.size)
        if self.place is not None:
            return self.place.view()[:count]
        out = bytearray()
        for chunk in self.chunks(count):
            if not out and len(chunk) >= count:
                return memoryview(chunk)[:count]
            out += chunk
        return memoryview(out)[:count]

    def chosen(self, name: bytes, budget: Budget, *, named: bool, able: bool) -> Entry | None:
        """The entry of a file that is wanted by its name, or that may be executed and begins as programs do.

        Raises as ``entry`` does, and when the first bytes of one that may be executed are damaged or not there.
        """
        program = able and self._is_program()
        return self.entry(name, budget, program=program) if named or program else None

    def _is_program(self) -> bool:
        if self.size < PROGRAM_BYTES:
            return False
        head = self.read(4)
        if len(head) < 4:
            raise Malformed("file is cut short at its beginning")
        return is_program(head)

    def entry(self, name: bytes, budget: Budget, *, program: bool = False) -> Entry:
        """The entry of the file. Too large to be held and not in one piece, it is put together in a spool.

        Raises when that is damaged. A file that says it is larger than any spool may be is left as it is.
        """
        place, mapped = self.place, self.place is not None
        if place is None and HELD < self.size <= budget.limits.spool_bytes:
            buffer, damage = spool(self.chunks(self.size), budget)
            if damage is not None:
                raise damage
            place = Blob(buffer=buffer, start=0, end=self.size)
        peek = self.read if place is None else partial(_slice, place.view())
        return Entry(name=name, kind=Kind.FILE, size=self.size, peek=peek, mapped=mapped, place=place, program=program)


def _slice(data: memoryview, count: int) -> memoryview:
    return data[:count]
