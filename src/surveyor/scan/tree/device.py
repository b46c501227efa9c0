"""Random access to bytes that are not in one piece in memory: a disk image in compressed chunks, a partition of it.

A ``Blob`` is a range of a map and costs nothing to look at; a filesystem on a chunked image has no such range until its
chunks are inflated, and inflating all of them to look at a few files is what an on-demand reader is there to avoid. So
filesystems read from a ``Device``: a plain image is one too, and gives its bytes without a copy.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Protocol

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.content import Content
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.stream import HELD

#: Where a run begins that is not stored since it is zeros.
HOLE = -1
#: Start in the device, or below zero, and size; both in bytes.
Run = tuple[int, int]


class Device(Protocol):
    """Bytes by position; ``form`` says how they are kept."""

    form: str

    def __len__(self) -> int: ...

    def read(self, start: int, size: int) -> memoryview:
        """These bytes, fewer where the device ends."""

    def place(self, start: int, size: int) -> Blob | None:
        """Where these bytes lie as they are, when they do: then reading them copies nothing."""


class Plain:
    """A disk image as it is: a range of a map, or bytes."""

    form = "plain"

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._view = blob.view()

    def __len__(self) -> int:
        return len(self._view)

    def read(self, start: int, size: int) -> memoryview:
        """These bytes, fewer where the device ends."""
        return self._view[start : start + size]

    def place(self, start: int, size: int) -> Blob | None:
        """A range of what is mapped."""
        return self._blob.part(start, size)


class Part:
    """A range of another device: a partition."""

    def __init__(self, device: Device, start: int, size: int) -> None:
        self._device = device
        self._start = min(start, len(device))
        self._size = min(size, len(device) - self._start)
        self.form = device.form

    def __len__(self) -> int:
        return self._size

    def read(self, start: int, size: int) -> memoryview:
        """These bytes, fewer where the part ends."""
        return self._device.read(self._start + start, self._within(start, size))

    def place(self, start: int, size: int) -> Blob | None:
        """Where the device keeps these bytes."""
        return self._device.place(self._start + start, self._within(start, size))

    def _within(self, start: int, size: int) -> int:
        return max(0, min(size, self._size - start))


def exactly(device: Device, start: int, size: int, what: str) -> memoryview:
    """All these bytes; raises when the device ends before."""
    found = device.read(start, size) if start >= 0 else memoryview(b"")
    if len(found) != size:
        raise Malformed(f"{what} lies outside the disk image")
    return found


class Runs:
    """A file that lies on a device in runs; those that follow each other are one, behind the last come zeros.

    The last run may be longer than what is left of the file.
    """

    def __init__(self, device: Device, runs: Iterable[Run], size: int, budget: Budget) -> None:
        self._device = device
        self._budget = budget
        self._runs: list[Run] = []
        self._ends: list[int] = []
        self._size = size
        end = 0
        for start, length in runs:
            end += length
            self._add(start, length, end)
        if end < size:
            self._add(HOLE, size - end, size)
        self.form = device.form

    def _add(self, start: int, length: int, end: int) -> None:
        before = self._runs[-1] if self._runs else (HOLE, 0)
        if start >= 0 and before[0] >= 0 and sum(before) == start:
            self._runs[-1], self._ends[-1] = (before[0], before[1] + length), end
        elif length:
            self._runs.append((start, length))
            self._ends.append(end)

    def __len__(self) -> int:
        return self._size

    def read(self, start: int, size: int) -> memoryview:
        """These bytes, fewer where the file ends; raises when they are not all on the device, or too many to hold."""
        size = max(0, min(size, self._size - start))
        if size > HELD:
            raise LimitExceeded(f"{size:,} bytes of a file are too many to hold")
        parts = list(self._parts(start, size))
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))

    def content(self) -> Content:
        """The file as a walk gives it."""
        return Content(size=self._size, chunks=self._chunks, place=self.place(0, self._size))

    def _chunks(self, count: int) -> Iterator[memoryview]:
        """The first bytes, a MiB at a time."""
        for start in range(0, count, MIB):
            self._budget.check_time()
            yield from self._parts(start, min(MIB, count - start))

    def place(self, start: int, size: int) -> Blob | None:
        """Where these bytes lie, when they do in one run."""
        number = bisect_right(self._ends, start)
        if (
            not 0 <= start < start + size <= self._size
            or number >= len(self._runs)
            or start + size > self._ends[number]
        ):
            return None
        position, length = self._runs[number]
        return self._device.place(position + start - self._ends[number] + length, size) if position >= 0 else None

    def _parts(self, start: int, size: int) -> Iterator[memoryview]:
        number = bisect_right(self._ends, start)
        stop = start + size
        while start < stop:
            position, length = self._runs[number]
            skip = start - self._ends[number] + length
            count = min(stop - start, length - skip)
            if position < 0:
                self._budget.inflate(count)
                yield memoryview(bytes(count))
            else:
                yield exactly(self._device, position + skip, count, "a block of a file")
            start += count
            number += 1
