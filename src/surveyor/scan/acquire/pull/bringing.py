"""The bytes of an image's layers: at once, several together, or each when somebody looks at it."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import BinaryIO, cast

from surveyor.scan.acquire.pull.waiting import Waiting, amount
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unwritable
from surveyor.scan.events import Progress
from surveyor.scan.limits import Budget
from surveyor.scan.net.registry import Registry
from surveyor.scan.tree.distant import Distant
from surveyor.scan.tree.entry import Blob
from surveyor.scan.vocabulary import counted


@dataclass(slots=True)
class Bringing:
    """Layers by digest, verified, each in a file without a name; all of them together within what may be spooled."""

    registry: Registry
    budget: Budget
    progress: Progress
    _room: int = field(init=False)
    _lock: Lock = field(init=False, default_factory=Lock)

    def __post_init__(self) -> None:
        self._room = self.budget.limits.spool_bytes

    def now(
        self, sizes: Mapping[str, int | None], known: int, waiting: Waiting
    ) -> tuple[dict[str, Blob], dict[str, ScanError]]:
        """The layers of these digests and sizes, and why others do not come; ``known`` is how many more there are."""
        errors: dict[str, ScanError] = {}
        jobs = {}
        for digest, size in sizes.items():
            try:
                self._take_room(size or 0)
            except LimitExceeded as error:
                errors[digest] = error
            else:
                jobs[digest] = partial(self._blob, digest, size, waiting)
        total = sum(sizes[digest] or 0 for digest in jobs)
        words = f"{counted(len(jobs), 'layer')}, {amount(total)}"
        if known:
            words += f"; {counted(known, 'layer')} known from before"
        blobs = {}
        for digest, future in waiting.all(jobs, words, total, known=known).items():
            try:
                blobs[digest] = future.result()
            except ScanError as error:
                errors[digest] = error
        return blobs, errors

    def distant(self, digest: str, size: int | None) -> Distant:
        """A layer that comes when somebody looks at it."""
        return Distant(size or 0, partial(self._late, digest, size))

    def _late(self, digest: str, size: int | None) -> Blob:
        self._take_room(size or 0)
        words = f"layer {digest[:19]}, {amount(size or 0)}, which was known from before and is needed"
        with Waiting(self.progress, self.budget, late=True) as waiting:
            jobs = {digest: partial(self._blob, digest, size, waiting)}
            return waiting.all(jobs, words, size or 0)[digest].result()

    def _take_room(self, size: int) -> None:
        """Raise unless so many bytes may still be spooled; what comes late is asked for by several threads."""
        with self._lock:
            if size > self._room:
                raise LimitExceeded(f"its {size:,} bytes are over what may still be spooled")
            self._room -= size

    def _blob(self, digest: str, named: int | None, waiting: Waiting) -> Blob:
        size = sized(digest, named)
        if not size:
            raise Malformed("a layer of no bytes is no tar")
        try:
            with cast("BinaryIO", tempfile.TemporaryFile(prefix="surveyor-")) as spool:
                self.registry.blob(digest, size, spool, tick=waiting.tick)
                spool.flush()
                buffer = mmap.mmap(spool.fileno(), size, access=mmap.ACCESS_READ)
        except OSError as error:
            raise Unwritable(
                f"a layer cannot be kept in {tempfile.gettempdir()}: {os.strerror(error.errno or 0)}"
            ) from None
        return Blob(buffer=buffer, start=0, end=size)


def sized(digest: str, named: int | None) -> int:
    """The size that a document names for a blob; raises where it names none that is usable."""
    if named is None:
        raise Malformed(f"no usable size is named for {digest[:19]}")
    return named
