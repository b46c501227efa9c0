"""Keeps what was seen of whole files, by the SHA-256 of their bytes: the same file again is not even opened.

The digest is one that was taken here of bytes that nobody touched while they were read, or that the caller took as they
came; nothing that a file says of itself is a part of the key. Also in it are what was asked for, all limits, and what
is installed: unlike a layer's, an entry rests on everything that lies between bytes and packages, libraries included.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import surveyor
from surveyor.scan import engine
from surveyor.scan.engine.seen import Seen, Told, decode, decode_alias, encode, encode_alias
from surveyor.scan.engine.shelf import PASSING, Shelf
from surveyor.scan.events import Event, Progress
from surveyor.scan.limits import Limits
from surveyor.scan.plan import Request
from surveyor.scan.vocabulary import family

#: How the names of folders end that tell of a distribution.
_DISTRIBUTION = (".dist-info", ".egg-info")


def _installed(scanner: Path, paths: Sequence[str]) -> str:
    """The interpreter, all distributions on ``paths`` by name and version, and the scanner's source files; takes 3 ms.

    A file is its size and both times: those of reproducible builds have equal times of modification, and often equal
    sizes, but nobody can set when one was put in the place of another.
    """
    found = hashlib.sha256(f"{surveyor.__version__} {sys.version}\n".encode())
    known: set[str] = set()
    for path in paths:
        with suppress(OSError):  # an archive, or a folder that is not there
            known.update(name for name in os.listdir(path) if name.endswith(_DISTRIBUTION))  # noqa: PTH208
    found.update("\n".join(sorted(known)).encode("utf-8", "surrogateescape"))
    for folder, folders, names in os.walk(scanner):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - one of hundreds
                found.update(f"{name} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}\n".encode())
    return found.hexdigest()


#: Taken when the code is loaded: a process that lives on while it is replaced keeps what it is.
INSTALLED = _installed(Path(engine.__path__[0]).parent, sys.path)


class Results:
    """Those of one request on a shelf."""

    def __init__(self, shelf: Shelf, request: Request, limits: Limits) -> None:
        self._shelf = shelf
        self._asked = request.name or Path(request.source).name, request.only, request.platform, limits

    def get(self, digest: str, progress: Progress) -> Seen | None:
        """What is kept of the file with this digest; what was told when it was read is told again."""
        start = time.perf_counter()
        data = self._shelf.get(self._key(digest))
        found = None if data is None else self._decoded(data)
        if found is None:
            return None
        seen, told = found
        tell_again(told, progress, start, "1 file that is known, as it was read before")
        return seen

    def _decoded(self, data: bytes) -> tuple[Seen, list[Told]] | None:
        """What an entry is of: of an image whose stack of layers is kept, the file has only what was told of it."""
        alias = decode_alias(data)
        if alias is None:
            return decode(data)
        stack = self._shelf.get(alias[0])
        found = None if stack is None else decode(stack)
        return found and (found[0], alias[1])

    def put(self, digest: str, seen: Seen, events: Iterable[Event]) -> None:
        """Keep what was seen, unless another look could see more."""
        if not is_lasting(seen):
            return
        # how far opening and the walk were is nobody's concern any more; that they came to an end is
        walked = f"{family(seen.type)}.layers"
        told = (event for event in events if event.stage != walked and "inflated" not in event.data)
        data = encode(seen, told) if seen.stack is None else encode_alias(seen.stack, told)
        if data is not None:
            self._shelf.put(self._key(digest), data)

    def _key(self, digest: str) -> str:
        return hashlib.sha256(repr((INSTALLED, digest, *self._asked)).encode()).hexdigest()


def is_lasting(seen: Seen) -> bool:
    """Whether another look would see the same: something was seen, and nothing failed that may pass."""
    return seen.nothing is None and PASSING.isdisjoint(entry.reason for entry in seen.coverage)


def tell_again(told: Iterable[Told], progress: Progress, start: float, known: str) -> None:
    """Tell what was told then; ``known`` are the words for how far the walk is, times are those since ``start``."""
    for one in told:
        _tell(one, progress, round((time.perf_counter() - start) * 1000), known)


def _tell(one: Told, progress: Progress, ms: int, known: str) -> None:
    if not one.stage.endswith(".timing"):
        progress(one.stage, one.detail, pct=one.pct, level=one.level, **one.data)
        return
    stage = one.stage.removesuffix(".timing")
    if stage.endswith(".layers"):
        progress(stage, known, pct=60)
    progress(one.stage, f"ms={ms}", ms=ms)
