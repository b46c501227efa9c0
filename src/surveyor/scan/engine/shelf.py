"""A folder of kept entries by key, of which the least asked for go first; several processes may share it."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from surveyor.scan.settings import Settings
from surveyor.scan.values import frozen

_LEFT = 0.8  # of the bound, when it was met and the oldest entries go
#: Reasons of troubles that another try may not have: what had them is not kept.
PASSING = frozenset({"limit_exceeded", "internal_error", "unreadable"})


@frozen
class Shelf:
    """``most`` bytes of entries; a full or closed disk keeps nothing."""

    folder: Path
    most: int

    @classmethod
    def of(cls, settings: Settings) -> Shelf | None:
        """The one that the settings name; nothing where nothing is to be kept."""
        if settings.layer_cache is None or settings.layer_cache_bytes <= 0:
            return None
        return cls(folder=settings.layer_cache, most=settings.layer_cache_bytes)

    def holds(self, key: str) -> bool:
        """Whether there is an entry, which counts as asked for, though it may be gone before it is."""
        try:
            os.utime(self._path(key))
        except OSError:
            return False
        return True

    def get(self, key: str) -> bytes | None:
        """An entry's bytes."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep an entry; it appears under its key when it is whole. One for which all others had to go is not kept."""
        if len(data) > self.most * _LEFT:
            return
        path = self._path(key)
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                os.replace(name, path)  # noqa: PTH105 - the name is a string
            except OSError:
                os.unlink(name)  # noqa: PTH108
                raise
            self._trim()

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _trim(self) -> None:
        """Remove what was not asked for the longest when there is more than the bound."""
        entries = [(status.st_mtime, status.st_size, path) for path, status in _stats(self.folder)]
        total = sum(size for _, size, _ in entries)
        if total <= self.most:
            return
        for _, size, path in sorted(entries):
            path.unlink(missing_ok=True)
            total -= size
            if total <= self.most * _LEFT:
                return


def _stats(folder: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in folder.glob("*/*"):
        with suppress(OSError):
            found.append((path, path.stat()))
    return found
