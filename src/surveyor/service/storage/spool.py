"""Local copies of remote objects: bounded, gone after use, and swept when their process died."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

PREFIX = "spool-"
#: A younger file may not have been locked yet by the process that just made it.
YOUNG_SECONDS = 60


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new empty file, its path and descriptor; it is locked while in use and removed at the end."""
    descriptor, name = tempfile.mkstemp(prefix=PREFIX, dir=folder)
    path = Path(name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield path, descriptor
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


async def fill(descriptor: int, chunks: AsyncIterator[bytes]) -> int:
    """Write a stream into the file; gives its size."""
    size = 0
    async for chunk in chunks:
        size += await asyncio.to_thread(_write, descriptor, chunk)
    return size


def _write(descriptor: int, chunk: bytes) -> int:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]
    return len(chunk)


def sweep(folder: Path, *, now: float) -> int:
    """Remove the files whose process is gone: the kernel has given back their locks. The number removed.

    ``now`` in seconds since 1970.
    """
    removed = 0
    for path in folder.glob(f"{PREFIX}*"):
        try:
            with path.open("rb") as file:
                if now - os.fstat(file.fileno()).st_mtime < YOUNG_SECONDS:
                    continue
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
        except (BlockingIOError, FileNotFoundError):
            continue
    return removed
