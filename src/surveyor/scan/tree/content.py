"""The bytes of a file in a filesystem, before somebody wants them: in one piece, in several, or still packed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.entry import PROGRAM_BYTES, Blob, Entry, Kind, is_program
from surveyor.scan.tree.stream import HELD, spool

#: Where an extent begins that is not stored since it is zeros.
HOLE = -1
#: Start in the filesystem and size, both in bytes.
Extent = tuple[int, int]
Chunk = bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def is_program(self) -> bool:
        """Whether it begins as programs do; what is damaged is told of when it is wanted by its name."""
        try:
            return self.size >= PROGRAM_BYTES and is_program(self.read(4))
        except Malformed:
            return False

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


def stored(blob: Blob, extents: Sequence[Extent], size: int, budget: Budget) -> Content:
    """What lies in these extents; those that follow each other are one, behind the last come zeros."""
    joined: list[Extent] = []
    left = size
    for start, there in extents:
        length = min(there, left)
        left -= length
        if joined and start >= 0 and joined[-1][0] >= 0 and sum(joined[-1]) == start:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        elif length:
            joined.append((start, length))
    if left:
        joined.append((HOLE, left))
    place = None
    if not joined:
        place = blob.part(0, 0)
    elif len(joined) == 1 and joined[0][0] != HOLE:
        place = blob.part(*joined[0])
    return Content(size=size, chunks=partial(_gather, blob.view(), tuple(joined), budget), place=place)


def _gather(data: memoryview, extents: tuple[Extent, ...], budget: Budget, count: int) -> Iterator[Chunk]:
    for start, size in extents:
        wanted = min(size, count)
        count -= wanted
        if start != HOLE:
            yield data[start : start + wanted]
            continue
        while wanted > 0:
            zeros = bytes(min(wanted, MIB))
            budget.inflate(len(zeros))
            wanted -= len(zeros)
            yield zeros


def _slice(data: memoryview, count: int) -> memoryview:
    return data[:count]
