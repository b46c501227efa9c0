"""The files of an ext2, ext3 or ext4 filesystem on any device.

Directories are read block by block in the order of their blocks: hashed ones keep their index in entries of no inode.
The journal is not replayed; who opens the filesystem says so when it has something in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from stat import S_ISDIR, S_ISLNK, S_ISREG

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import ext
from surveyor.scan.limits import Budget
from surveyor.scan.tree.content import Content
from surveyor.scan.tree.descent import Descent, Folder
from surveyor.scan.tree.device import Device, Runs, exactly
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Wanted
from surveyor.scan.values import frozen

_FAST_LINK = 60
_TARGET = 64 << 10


@frozen
class _Folder(Folder):
    """A directory by its inode."""

    inode: int


@frozen
class ExtLayer:
    """The tree of one filesystem."""

    device: Device
    volume: ext.Ext
    digest: str | None = None
    place: str | None = None

    @property
    def form(self) -> str:
        """How the bytes of its device are kept."""
        return self.device.form

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> ExtWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return ExtWalk(self, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """Every block that is wanted is compared with the end of the device."""
        return True


def recognizes(device: Device) -> bool:
    """Whether a device holds an ext filesystem."""
    return ext.recognizes(device.read(ext.SUPERBLOCK, ext.SUPERBLOCK_BYTES))


def layer_of(device: Device, budget: Budget, place: str | None = None) -> ExtLayer:
    """The layer of a filesystem; raises when its superblock cannot be read."""
    return ExtLayer(device=device, volume=ext.Ext(partial(_read, device, budget)), place=place)


def _read(device: Device, budget: Budget, start: int, size: int) -> memoryview:
    budget.check_time()
    return exactly(device, start, size, "a structure of the filesystem")


class ExtWalk(Descent[_Folder]):
    """One pass over the directories."""

    def __init__(self, layer: ExtLayer, wanted: Wanted, budget: Budget) -> None:
        super().__init__(_Folder(inode=ext.ROOT, path=b"", depth=0), wanted, budget)
        self._device = layer.device
        self._volume = layer.volume
        # a count of inodes may lie, but each takes its bytes
        self._inodes = min(layer.volume.inodes, len(layer.device) // 128)

    def _listing(self, folder: _Folder) -> Iterator[Entry | _Folder]:
        for block in self._blocks(folder):
            yield from self._block(folder, block)

    def _blocks(self, folder: _Folder) -> Iterator[bytes | memoryview]:
        """The blocks of a directory, which is marked as met."""
        inode = self._volume.inode(folder.inode)
        if folder.inode > self._inodes:
            raise Malformed("directory has an inode outside the filesystem")
        self._mark(folder.inode)
        if not S_ISDIR(inode.mode):
            raise Malformed("directory has the inode of something else")
        if inode.encrypted:
            raise Malformed("directory is encrypted")
        if inode.inline:
            data = ext.inline_data(inode)
            # the number of the directory above, then the entries, in the inode and in its attribute apart
            yield from (part for part in (data[4:60], data[60:]) if part)
            return
        for start, size in self._volume.runs(inode):
            for at in range(start, start + size, self._volume.block) if start != ext.HOLE else ():
                yield _read(self._device, self._budget, at, self._volume.block)

    def _block(self, folder: _Folder, block: bytes | memoryview) -> Iterator[Entry | _Folder]:
        for name, number, kind in ext.names(block, typed=self._volume.typed):
            if name in {b".", b".."}:
                continue
            if self._note(folder.path, name):
                continue
            path = folder.path + name
            named = self._wanted.match(path, len(folder.path)) is not None
            asked = named or (self._wanted.programs and kind == ext.REGULAR)
            if kind == ext.DIRECTORY:
                yield _Folder(inode=number, path=path + b"/", depth=folder.depth + 1)
            elif (asked or kind == ext.UNKNOWN) and (found := self._entry(folder, path, number, named=named)):
                yield found

    def _entry(self, folder: _Folder, path: bytes, number: int, *, named: bool) -> Entry | _Folder | None:
        try:
            inode = self._volume.inode(number)
            if S_ISDIR(inode.mode):  # of a filesystem whose directories do not tell
                return _Folder(inode=number, path=path + b"/", depth=folder.depth + 1)
            able = self._wanted.programs and S_ISREG(inode.mode) and inode.mode & 0o111
            return self._file(path, inode, named=named) if named or able else None
        except (Malformed, LimitExceeded) as error:
            self._close(path, error)
            return None

    def _file(self, path: bytes, inode: ext.Inode, *, named: bool) -> Entry | None:
        if S_ISLNK(inode.mode):
            return Entry(name=path, kind=Kind.SYMLINK, size=0, target=self._target(inode)) if named else None
        if not S_ISREG(inode.mode):
            return Entry(name=path, kind=Kind.OTHER, size=0) if named else None
        if inode.encrypted:
            raise Malformed("file is encrypted")
        able = self._wanted.programs and inode.mode & 0o111 != 0
        return self._content(inode).chosen(path, self._budget, named=named, able=able)

    def _target(self, inode: ext.Inode) -> bytes:
        if inode.size < _FAST_LINK and not inode.inline:
            return inode.raw[40 : 40 + inode.size]
        if inode.size > _TARGET:
            raise Malformed(f"symbolic link has a target of {inode.size:,} bytes")
        return bytes(self._content(inode).read(inode.size))

    def _content(self, inode: ext.Inode) -> Content:
        if inode.inline:
            data = ext.inline_data(inode)
            place = Blob(buffer=data, start=0, end=len(data))
            return Content(size=inode.size, chunks=lambda _count: iter((data,)), place=place)
        return Runs(self._device, self._volume.runs(inode), inode.size, self._budget).content()
