"""Opens a target: maps it, inflates a compressed one into an anonymous spool, and lists what an outer tar holds."""

from __future__ import annotations

import mmap
import os
import re
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from surveyor.scan.acquire.interface import Origin
from surveyor.scan.errors import BadTarget, LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.limits import Budget
from surveyor.scan.tree.entry import Blob, Entry, Kind, Wanted
from surveyor.scan.tree.koly import trailer_of
from surveyor.scan.tree.names import resolve
from surveyor.scan.tree.stream import Mapped, form_of, inflate, spool
from surveyor.scan.tree.tar import TarWalk

#: An image archive has a handful of members; who has more is a tree, and need not be listed to its end.
_MEMBERS = 5_000
#: Bytes of a member's name and its link's target: those of images have a hundred, in a pax header fits a million.
_NAME = 1024
_HOPS = 8
_ANY = Wanted(re.compile(rb""))


def open_origin(path: Path, name: str, budget: Budget) -> Origin:
    """Open a file or directory; raises when a file is empty, too large or cannot be inflated at all."""
    if path.is_dir():
        return Origin(path=path, name=name, blob=None, store=FolderStore(path))
    return open_blob(_open(path, budget), name, budget)


def open_spooled(file: BinaryIO, name: str, budget: Budget) -> Origin:
    """Open what was written to a file without a name; raises as ``open_origin`` does."""
    file.flush()
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise Unsupported("nothing came")
    return open_blob(_map(file, size), name, budget)


def open_blob(blob: Blob, name: str, budget: Budget) -> Origin:
    """Open bytes, those of a file or of one inside another tree."""
    # the first chunk of a disk image may begin as a compressed file does
    form = "plain" if trailer_of(blob) else form_of(blob.head(16))
    damage: ScanError | None = None
    packed: Blob | None = None
    if form != "plain":
        buffer, damage = spool(inflate(blob, form, budget), budget)
        if not buffer:
            raise damage or Unsupported(f"the {form} file holds nothing")
        packed = blob if isinstance(damage, LimitExceeded) else None
        blob = Blob(buffer=buffer, start=0, end=len(buffer))
    store = TarStore(blob, budget)
    if not store.entries:
        return Origin(name=name, blob=blob, store=None, damage=damage)
    return Origin(name=name, blob=blob, store=store, damage=damage or store.damage, packed=packed)


def _open(path: Path, budget: Budget) -> Blob:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise Unsupported("the file is empty")
            if size > budget.limits.artifact_bytes:
                raise LimitExceeded(f"file of {size:,} bytes is over the limit of {budget.limits.artifact_bytes:,}")
            return _map(file, size)
    except OSError as error:
        raise BadTarget(f"cannot be opened: {error.strerror or error}") from error


class TarStore:
    """The members of an outer tar, by name; links among them are followed, a few steps at most."""

    def __init__(self, blob: Blob, budget: Budget) -> None:
        self._blob = blob
        self._files: dict[bytes, Blob] = {}
        self._links: dict[bytes, bytes] = {}
        self.damage: ScanError | None = None
        walk = TarWalk(Mapped(blob.buffer, blob.start, blob.end), _ANY, budget)
        try:
            self._list(walk)
        except Malformed as error:
            self.damage = error.with_traceback(None)  # whose frames hold the store, and so its bytes
        #: None at all when this is no tar.
        self.entries = walk.entries
        if walk.unmarked:
            # an outer tar has nobody to vouch for it: a cut between two members looks just like this
            self.damage = Malformed("tar ends without its end marker: what came after may be cut off")

    def get(self, name: str) -> Blob | None:
        """The bytes of a member."""
        wanted = name.encode("utf-8", "surrogateescape")
        for _ in range(_HOPS):
            if wanted not in self._links:
                break
            wanted = self._links[wanted]
        return self._files.get(wanted)

    def names(self) -> list[str]:
        """The names of all members listed."""
        return [name.decode("utf-8", "backslashreplace") for name in self._files]

    def _list(self, walk: TarWalk) -> None:
        for entry in walk:
            if len(entry.name) + len(entry.target) <= _NAME:
                self._keep(entry)
            if walk.entries > _MEMBERS:
                return

    def _keep(self, entry: Entry) -> None:
        if entry.kind is Kind.FILE and entry.place is not None:
            self._files[entry.name] = entry.place
        elif entry.kind is Kind.SYMLINK:
            self._links[entry.name] = resolve(entry.name, entry.target)
        elif entry.kind is Kind.HARDLINK:
            self._links[entry.name] = resolve(b"", entry.target)


class FolderStore:
    """The files of an image layout on disk; a link is no file of the layout, and neither is what lies outside it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, name: str) -> Blob | None:
        """The bytes of one file."""
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts:
            return None
        path = self._root / inside
        ways = [path, *list(path.parents)[: len(inside.parts) - 1]]
        try:
            if any(way.is_symlink() for way in ways) or not path.is_file():
                return None
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                return _map(file, size) if size else None
        except OSError:
            return None

    def names(self) -> list[str]:
        """The names right below the root."""
        return sorted(path.name for path in self._root.iterdir())[:_MEMBERS]


def _map(file: BinaryIO, size: int) -> Blob:
    return Blob(buffer=mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ), start=0, end=size)
