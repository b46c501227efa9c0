"""The files of a disc image: ISO 9660 by its directory records, named by Rock Ridge, Joliet or itself.

Read by ECMA-119 4th edition, sections 6.8 (directories and files) and 9.1 (directory records). Directories are walked
depth first, record by record, so that a walk holds one position a level and no list of what is still to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from stat import S_IFMT, S_IFREG

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats import rockridge, zisofs
from surveyor.scan.formats.iso9660 import (
    ASSOCIATED,
    CONTINUED,
    DIRECTORY,
    RECORD,
    RECORD_BYTES,
    SECTOR,
    Disc,
    Naming,
    Volume,
)
from surveyor.scan.limits import Budget
from surveyor.scan.tree.content import Content
from surveyor.scan.tree.descent import Descent, Folder
from surveyor.scan.tree.device import Plain, Run, Runs
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Wanted
from surveyor.scan.values import frozen

_MANY = 1 << 16  # extents of one file
_NOTHING = rockridge.Extra()
_BEYOND = "lies beyond the end of the disc"


@frozen
class _Folder(Folder):
    """A directory by where its records are in the disc."""

    start: int
    size: int


@frozen
class IsoLayer:
    """One tree of a disc; ``skip`` as Rock Ridge has it, nothing when its names are not used."""

    blob: Blob
    volume: Volume
    skip: int | None = None
    digest: str | None = None
    place: str | None = None

    @property
    def form(self) -> str:
        """The standard its names are written by."""
        return self.volume.naming.value if self.skip is None else "ISO 9660 with Rock Ridge"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> IsoWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return IsoWalk(self, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """Every extent is compared with the end of the disc."""
        return True


def layer_of(blob: Blob, disc: Disc) -> IsoLayer:
    """The tree with the best names: Rock Ridge, Joliet, ISO 9660:1999, plain; raises when none has a directory."""
    data = blob.view()
    usable: list[tuple[bool, int, IsoLayer]] = []
    for rank, volume in enumerate(disc.volumes):
        record = bytes(data[volume.root : volume.root + 255])
        if len(record) < RECORD_BYTES + 1 or record[0] < RECORD_BYTES + 1 or record[32] != 1:
            continue
        skip = rockridge.skip_of(record[: record[0]])
        usable.append((skip is not None, rank, IsoLayer(blob=blob, volume=volume, skip=skip)))
    if not usable:
        raise Malformed("root directory of the disc is missing or damaged")
    return max(usable, key=lambda one: one[:2])[2]


class IsoWalk(Descent[_Folder]):
    """One pass over the directories."""

    def __init__(self, layer: IsoLayer, wanted: Wanted, budget: Budget) -> None:
        volume = layer.volume
        super().__init__(_Folder(start=volume.root, size=volume.root_size, path=b"", depth=0), wanted, budget)
        self.files = 0
        self._device = Plain(layer.blob)
        self._data = layer.blob.view()
        self._volume = volume
        self._block = volume.block
        self._rockridge = None if layer.skip is None else rockridge.RockRidge(self._data, self._block, layer.skip)

    def _listing(self, folder: _Folder) -> Iterator[Entry | _Folder]:
        """The folders and wanted entries of a directory; its records never cross the end of a sector."""
        if folder.start + folder.size > len(self._data):
            raise Malformed(f"directory {_BEYOND}")
        self._mark(folder.start // self._block)
        data, position, end = self._data, folder.start, folder.start + folder.size
        extents: list[Run] = []
        while position + RECORD_BYTES < end:
            length = data[position]
            if not length:
                position += SECTOR - (position - folder.start) % SECTOR
                continue
            record = bytes(data[position : position + length])
            position += length
            if length <= RECORD_BYTES or length < RECORD_BYTES + record[32] or position > end:
                raise Malformed("directory is damaged")
            if record[25] & CONTINUED and len(extents) < _MANY:
                start, size = self._extent(record)
                if start + size > len(self._data):
                    self.closed.add(folder.path or b".", f"part of a file {_BEYOND}")
                extents.append((start, size))
                continue
            itself = record[32] == 1 and record[33] <= 1  # or the directory above
            if not itself and (found := self._record(record, folder, extents)) is not None:
                yield found
            if extents:
                extents = []

    def _record(self, record: bytes, folder: _Folder, extents: list[Run]) -> Entry | _Folder | None:
        """The folder or wanted entry of a record; ``extents`` are those of the records before that belong to it."""
        try:
            extra = self._rockridge.read(record, record[32]) if self._rockridge else _NOTHING
        except Malformed as error:
            self._close(folder.path or b".", error)
            return None
        name = extra.name or self._name(record)
        if self._note(folder.path, name):
            return None
        path = folder.path + name
        start, size = self._extent(record)
        if extra.child is not None:
            start = extra.child * self._block
            size = int.from_bytes(self._data[start + 10 : start + 14], "little")
        elif extra.moved or record[25] & ASSOCIATED:
            return None
        elif not record[25] & DIRECTORY:
            self.files += 1
            if size and start + size > len(self._data):
                self.closed.add(path, f"file {_BEYOND}")
                return None
            named = self._wanted.match(path, len(folder.path)) is not None
            if named or (self._wanted.programs and extra.mode & 0o111):
                return self._file(path, record, extra, [*extents, (start, size)], named=named)
            return None
        return _Folder(start=start, size=size, path=path + b"/", depth=folder.depth + 1)

    def _extent(self, record: bytes) -> tuple[int, int]:
        """Where the bytes of a record begin in the disc, and how many there are."""
        _, attributes, extent, size, _, _, _, _ = RECORD.unpack_from(record)
        return (extent + attributes) * self._block, size

    def _name(self, record: bytes) -> bytes:
        """The name that the record itself has, as Linux shows it: without version, plain ones in small letters."""
        name = record[RECORD_BYTES : RECORD_BYTES + record[32]]
        if self._volume.naming is Naming.JOLIET:
            name = name.decode("utf-16-be", "replace").encode("utf-8", "replace")
        base, mark, version = name.rpartition(b";")
        if mark and version.isdigit():
            name = base
        if self._volume.naming is Naming.PLAIN:
            name = name.rstrip(b".").lower()
        return name

    def _file(
        self, path: bytes, record: bytes, extra: rockridge.Extra, extents: list[Run], *, named: bool
    ) -> Entry | None:
        """The entry of a file when its name is wanted, or it is a program."""
        if extra.target is not None:
            return Entry(name=path, kind=Kind.SYMLINK, size=0, target=extra.target) if named else None
        if extra.mode and S_IFMT(extra.mode) != S_IFREG:
            return Entry(name=path, kind=Kind.OTHER, size=0) if named else None
        size = sum(size for _, size in extents)
        if record[26] or record[27] or extra.sparse:
            what = "interleaved" if record[26] or record[27] else "sparse"
            peek = partial(_unsupported, what)
            return Entry(name=path, kind=Kind.FILE, size=size, peek=peek) if named else None
        content = Runs(self._device, extents, size, self._budget).content()
        if extra.unpacked is not None and content.place:
            blocks = partial(zisofs.blocks, content.place.view(), self._budget)
            content = Content(size=extra.unpacked, chunks=blocks)
        able = self._wanted.programs and extra.mode & 0o111 != 0
        try:
            return content.chosen(path, self._budget, named=named, able=able)
        except (Malformed, Unsupported, LimitExceeded) as error:
            self._close(path, error)
            return None


def _unsupported(what: str, _count: int) -> memoryview:
    raise Unsupported(f"{what} files are not read yet")
