"""The files of a UDF volume, walked directory by directory.

Read by ECMA-167 3rd edition, part 4. Permissions are not looked at: the systems that write such discs let everybody
execute everything, so programs are known by their names.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import udf
from surveyor.scan.limits import Budget
from surveyor.scan.tree.descent import Descent, Folder
from surveyor.scan.tree.device import Plain, Runs
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Wanted
from surveyor.scan.values import frozen

_TARGET = 64 << 10


@frozen
class _Folder(Folder):
    """A directory by the place of its ICB."""

    block: int
    partition: int


@frozen
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


class UdfWalk(Descent[_Folder]):
    """One pass over the directories."""

    def __init__(self, layer: UdfLayer, wanted: Wanted, budget: Budget) -> None:
        volume = layer.volume
        root = _Folder(block=volume.root, partition=volume.root_partition, path=b"", depth=0)
        super().__init__(root, wanted, budget)
        self.files = 0
        self._device = Plain(layer.blob)
        self._volume = volume

    def _listing(self, folder: _Folder) -> Iterator[Entry | _Folder]:
        for name in udf.names(self._directory(folder)):
            if not name.flags & (udf.IS_DELETED | udf.IS_PARENT):
                yield from self._name(folder, name)

    def _directory(self, folder: _Folder) -> memoryview:
        """The bytes of a directory, which is marked as met."""
        place = self._volume.place(folder.block, folder.partition)
        if not 0 <= place < len(self._device):
            raise Malformed("directory lies beyond the end of the disc")
        self._mark(place // self._volume.block)
        entry = self._volume.entry(folder.block, folder.partition)
        if entry.kind != udf.DIRECTORY:
            raise Malformed("directory has the file entry of something else")
        content = Runs(self._device, self._within(entry), entry.size, self._budget).content()
        if content.place is None and content.size > self._budget.limits.file_bytes:
            raise Malformed(f"directory of {content.size:,} bytes is in several pieces")
        return content.read(content.size)

    def _within(self, entry: udf.Entry) -> tuple[udf.Extent, ...]:
        if any(start != udf.HOLE and start + size > len(self._device) for start, size in entry.extents):
            raise Malformed("lies beyond the end of the disc")
        return entry.extents

    def _name(self, folder: _Folder, name: udf.Name) -> Iterator[Entry | _Folder]:
        if self._note(folder.path, name.name):
            return
        path = folder.path + name.name
        if name.flags & udf.IS_DIRECTORY:
            yield _Folder(block=name.block, partition=name.partition, path=path + b"/", depth=folder.depth + 1)
        else:
            self.files += 1
            if self._wanted.match(path, len(folder.path)):
                try:
                    yield self._file(path, name)
                except (Malformed, LimitExceeded) as error:
                    self._close(path, error)

    def _file(self, path: bytes, name: udf.Name) -> Entry:
        self._budget.check_time()  # a file may have very many extents
        entry = self._volume.entry(name.block, name.partition)
        content = Runs(self._device, self._within(entry), entry.size, self._budget).content()
        if entry.kind == udf.SYMLINK:
            return Entry(name=path, kind=Kind.SYMLINK, size=0, target=udf.target(bytes(content.read(_TARGET))))
        if not entry.regular:
            return Entry(name=path, kind=Kind.OTHER, size=0)
        return content.entry(path, self._budget)
