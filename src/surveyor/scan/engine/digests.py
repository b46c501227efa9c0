"""Remembers the SHA-256 of files that were hashed, for as long as nobody touches them: a large image takes seconds.

A file is the same while its device, inode, size and both times are: the change time cannot be set back by whoever
writes into it. One that was touched within the last seconds is not remembered, since clocks of filesystems are coarse.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SETTLED = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def put(self, before: os.stat_result, after: os.stat_result, digest: str) -> None:
        """Remember the digest of a file that was in the same state before and after it was taken."""
        touched = max(after.st_mtime, after.st_ctime)
        if _state(before) != _state(after) or self.clock() - touched < _SETTLED:
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
