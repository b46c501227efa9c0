"""Remembers the SHA-256 of files that were hashed, for as long as nobody touches them: a large image takes seconds.

A file is the same while its device, inode, size and both times are: the change time cannot be set back by whoever
writes into it. One that was touched within the last seconds is not remembered, since clocks of filesystems are coarse.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from surveyor.scan.limits import MIB
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

_DIGEST = regex(r"sha256:[0-9a-f]{64}")
_SETTLED = 2.0
_STEP = 8 * MIB
_TICK = 1.0  # seconds


@frozen
class Digests:
    """A folder of digests, the layer cache's; ``clock`` gives seconds since the epoch."""

    folder: Path
    clock: Callable[[], float] = time.time

    def get(self, status: os.stat_result) -> str | None:
        """The digest of a file in this state, when it is known."""
        with suppress(OSError, UnicodeDecodeError):
            found = self._path(status).read_text("ascii")
            return found if _DIGEST.fullmatch(found) else None
        return None

    def put(self, before: os.stat_result, after: os.stat_result, digest: str, *, since: float) -> None:
        """Remember the digest of a file that was in the same state before and after it was taken; that began then."""
        touched = max(after.st_mtime, after.st_ctime)
        if _state(before) != _state(after) or since - touched < _SETTLED:
            return
        path = self._path(after)
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            new = path.with_name(f".new-{os.getpid()}-{path.name}")
            new.write_text(digest, "ascii")
            new.replace(path)

    def _path(self, status: os.stat_result) -> Path:
        key = hashlib.sha256(_state(status).encode()).hexdigest()
        return self.folder / key[:2] / key


def _state(status: os.stat_result) -> str:
    return f"file {status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


class FileDigest:
    """The SHA-256 of one file: ``known`` from before, or else taken in a thread while the file is read.

    Hashing gives the interpreter's lock away. It goes in long steps, so that the two threads seldom wait for each
    other; a map would count the whole file as resident.
    """

    def __init__(self, path: Path, digests: Digests | None, given: str | None = None) -> None:
        self._path = path
        self._digests = digests
        self._given = given is not None
        self._before = _status(path)
        self._thread: threading.Thread | None = None
        self._taken: str | None = None
        self._read = 0
        #: The digest that the file had before anybody looked; one that is taken meanwhile does not become it.
        self.known = given or (digests.get(self._before) if digests and self._before else None)
        if self.known is None:
            self._thread = threading.Thread(target=self._run, name="artifact-digest", daemon=True)
            self._thread.start()

    def result(self, tick: Callable[[int], None]) -> str | None:
        """The digest, or nothing when the file could not be read to its end.

        While that takes, ``tick`` hears about once a second how many bytes have been read.
        """
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(_TICK)
            if self._thread.is_alive():
                tick(self._read)
        return self.known or self._taken

    @property
    def lasting(self) -> bool:
        """Whether what was read of the file until now is of the digest: nobody has touched it since this was made."""
        if self._given:
            return True
        after = _status(self._path)
        if after is None or self._before is None or self._digests is None:
            return False
        return _state(after) == _state(self._before) and self._digests.get(after) is not None

    def _run(self) -> None:
        # who opens the file to read it says why that failed
        with suppress(OSError):
            self._take()

    def _take(self) -> None:
        digest, step = hashlib.sha256(), bytearray(_STEP)
        with self._path.open("rb", buffering=0) as file:
            since = self._digests.clock() if self._digests else 0.0
            before = os.fstat(file.fileno())
            while count := file.readinto(step):
                digest.update(memoryview(step)[:count])
                self._read += count
            found = f"sha256:{digest.hexdigest()}"
            if self._digests:
                self._digests.put(before, os.fstat(file.fileno()), found, since=since)
        self._taken = found


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
