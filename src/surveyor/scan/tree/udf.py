"""The files of a UDF volume, walked directory by directory.

Read by ECMA-167 3rd edition, part 4. Permissions are not looked at: the systems that write such discs let everybody
execute everything, so programs are known by their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import udf
from surveyor.scan.limits import Budget
from surveyor.scan.tree.content import stored
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Tally, Wanted

_DEPTH = 256
_PATH = 16 << 10
_TARGET = 64 << 10
_SPECIAL = frozenset({b"", b".", b".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """A directory by the place of its ICB, and the path of what is in it."""

    block: int
    partition: int
    path: bytes
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UdfLayer:
    """The tree of one volume."""

    blob: Blob
    volume: udf.Volume
    digest: str | None = None
    place: str | None = None
    form: str = "UDF"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> UdfWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return UdfWalk(self, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """Every extent that is wanted is compared with the end of the disc."""
        return True


class UdfWalk:
    """One pass over the directories. What cannot be read is counted as closed, and the walk goes on behind it."""

    def __init__(self, layer: UdfLayer, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.files = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._blob = layer.blob
        self._length = len(layer.blob.view())
        self._volume = layer.volume
        self._wanted = wanted
        self._budget = budget
        self._seen = bytearray(self._length // layer.volume.block // 8 + 1)

    def __iter__(self) -> Iterator[Entry]:
        root = _Folder(block=self._volume.root, partition=self._volume.root_partition, path=b"", depth=0)
        levels = [self._listing(root)]
        while levels:
            for found in levels[-1]:
                if isinstance(found, _Folder):
                    levels.append(self._listing(found))
                    break
                yield found
            else:
                levels.pop()

    def _listing(self, folder: _Folder) -> Iterator[Entry | _Folder]:
        try:
            for name in udf.names(self._directory(folder)):
                if not name.flags & (udf.IS_DELETED | udf.IS_PARENT):
                    yield from self._name(folder, name)
        except Malformed as error:
            self.closed.add(folder.path.rstrip(b"/") or b".", str(error))

    def _directory(self, folder: _Folder) -> memoryview:
        """The bytes of a directory, which is marked as met."""
        if folder.depth > _DEPTH or len(folder.path) > _PATH:
            raise Malformed("directories are too deep")
        byte, bit = divmod(self._volume.place(folder.block, folder.partition) // self._volume.block, 8)
        if not 0 <= byte < len(self._seen):
            raise Malformed("directory lies beyond the end of the disc")
        if self._seen[byte] & 1 << bit:
            raise Malformed("directory is met a second time")
        self._seen[byte] |= 1 << bit
        entry = self._volume.entry(folder.block, folder.partition)
        if entry.kind != udf.DIRECTORY:
            raise Malformed("directory has the file entry of something else")
        content = stored(self._blob, self._within(entry), entry.size, self._budget)
        if content.place is None and content.size > self._budget.limits.file_bytes:
            raise Malformed(f"directory of {content.size:,} bytes is in several pieces")
        return content.read(content.size)

    def _within(self, entry: udf.Entry) -> tuple[udf.Extent, ...]:
        if any(start != udf.HOLE and start + size > self._length for start, size in entry.extents):
            raise Malformed("lies beyond the end of the disc")
        return entry.extents

    def _name(self, folder: _Folder, name: udf.Name) -> Iterator[Entry | _Folder]:
        self.entries += 1
        if not self.entries & 0x3FF:
            self._budget.entry(0x400)
        path = folder.path + name.name
        if b"/" in name.name or b"\0" in name.name or name.name in _SPECIAL:
            (self.closed if b"\0" in name.name else self.climbing).add(path, "name is damaged")
        elif name.flags & udf.IS_DIRECTORY:
            yield _Folder(block=name.block, partition=name.partition, path=path + b"/", depth=folder.depth + 1)
        else:
            self.files += 1
            if self._wanted.match(path, len(folder.path)):
                try:
                    yield self._file(path, name)
                except (Malformed, LimitExceeded) as error:
                    self._budget.check_time()
                    self.closed.add(path, str(error))

    def _file(self, path: bytes, name: udf.Name) -> Entry:
        self._budget.check_time()  # a file may have very many extents
        entry = self._volume.entry(name.block, name.partition)
        content = stored(self._blob, self._within(entry), entry.size, self._budget)
        if entry.kind == udf.SYMLINK:
            return Entry(name=path, kind=Kind.SYMLINK, size=0, target=udf.target(bytes(content.read(_TARGET))))
        if not entry.regular:
            return Entry(name=path, kind=Kind.OTHER, size=0)
        return content.entry(path, self._budget)
