"""A directory on disk: an unpacked root filesystem or a source tree, read without following a single link."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from surveyor.scan.acquire.interface import RELEASES, Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import BadTarget, Unreadable
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.entry import PROGRAM_BYTES, Blob, Entry, Kind, Names, Tally, Wanted, is_program
from surveyor.scan.values import frozen

_LARGE = 16 * MIB
_SKIPPED = frozenset({b"proc", b"sys", b"dev"})


def detect(origin: Origin) -> bool:
    """Any directory that is no image layout."""
    return origin.path is not None


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The directory as one layer."""
    if origin.path is None:
        raise BadTarget("no directory")
    type_ = "rootfs" if any(os.path.lexists(origin.path / name) for name in RELEASES) else "source"
    return Artifact(type=type_, images=(Image(layers=(DirectoryLayer(root=origin.path),)),))


@frozen
class DirectoryLayer:
    """The files below a directory."""

    root: Path
    digest: str | None = None
    place: str | None = None
    form: str = "directory"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> DirectoryWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return DirectoryWalk(os.fsencode(self.root), wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """What a folder lists is all of it."""
        return True


class DirectoryWalk:
    """One pass, in the order of names; what the operating system does not open is counted as closed."""

    def __init__(self, root: bytes, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._root = root
        self._wanted = wanted
        self._budget = budget

    def __iter__(self) -> Iterator[Entry]:
        pending = [b""]
        match = self._wanted.match
        while pending:
            folder = pending.pop()
            for found in self._listing(folder):
                self.entries += 1
                self._budget.entry()
                name = folder + found.name
                if found.is_dir(follow_symlinks=False):
                    # a live system's kernel filesystems hold no packages and may not end
                    if folder or found.name not in _SKIPPED:
                        pending.append(name + b"/")
                else:
                    yield from self._file(found, name, named=match(name, len(folder)) is not None)

    def _listing(self, folder: bytes) -> list[os.DirEntry[bytes]]:
        try:
            with os.scandir(os.path.join(self._root, folder)) as found:  # noqa: PTH118 - names are bytes
                return sorted(found, key=lambda one: one.name)
        except OSError as error:
            self.closed.add(folder.rstrip(b"/") or b".", error.strerror or "")
            return []

    def _file(self, found: os.DirEntry[bytes], name: bytes, *, named: bool) -> Iterator[Entry]:
        program = self._wanted.programs and self._is_program(found)
        if (named or program) and (entry := self._entry(found, name)):
            yield replace(entry, program=program)

    def _is_program(self, found: os.DirEntry[bytes]) -> bool:
        try:
            status = found.stat(follow_symlinks=False)
            able = stat.S_ISREG(status.st_mode) and status.st_mode & 0o111 and status.st_size >= PROGRAM_BYTES
            return bool(able) and is_program(_peek(found.path, 4))
        except (OSError, Unreadable):
            return False  # who cannot be opened is told of when it is wanted by its name

    def _entry(self, found: os.DirEntry[bytes], name: bytes) -> Entry | None:
        """What a listing names; a folder may be listed and what is in it be closed all the same."""
        try:
            if found.is_symlink():
                return Entry(name=name, kind=Kind.SYMLINK, size=0, target=os.readlink(found.path))  # noqa: PTH115 - names are bytes
            status = found.stat(follow_symlinks=False)
        except OSError as error:
            self.closed.add(name, error.strerror or "")
            return None
        if not stat.S_ISREG(status.st_mode):
            return Entry(name=name, kind=Kind.OTHER, size=0)
        if status.st_size < _LARGE:
            return Entry(name=name, kind=Kind.FILE, size=status.st_size, peek=partial(_peek, found.path))
        return self._large(found.path, name)

    def _large(self, path: bytes, name: bytes) -> Entry | None:
        """A file that is mapped rather than read, so that what needs only parts of it may have it whole."""
        try:
            with _opened(path) as file:
                buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            self.closed.add(name, getattr(error, "strerror", None) or str(error))
            return None
        blob, view = Blob(buffer=buffer, start=0, end=len(buffer)), memoryview(buffer)
        return Entry(
            name=name, kind=Kind.FILE, size=len(view), peek=lambda count: view[:count], mapped=True, place=blob
        )


def _opened(path: bytes) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _peek(path: bytes, count: int) -> memoryview:
    """The beginning of a file; raises when it may not be read, or has become a link since it was listed."""
    try:
        with _opened(path) as file:
            return memoryview(file.read(count))
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from error


ACQUIRER = Acquirer(
    id="directory", version=1, summary="directory with a root filesystem or a source tree", detect=detect, read=read
)
