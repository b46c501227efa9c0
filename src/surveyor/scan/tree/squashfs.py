"""The files of a SquashFS 4.0: directories walked block by block, bytes unpacked when somebody wants them.

Read by the kernel's documentation of SquashFS 4.0 and "SquashFS Binary Format" of squashfs-tools-ng (sections 4 to 7).
Extended attributes are not read. Every name of a file with several is a file, since both lead to the same inode.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from struct import Struct, unpack_from

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.squashblock import unpacker
from surveyor.scan.formats.squashfs import Cursor, File, Files, Metadata, Superblock, read_superblock
from surveyor.scan.limits import Budget
from surveyor.scan.tree.content import Content
from surveyor.scan.tree.descent import Descent, Folder
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Wanted
from surveyor.scan.values import frozen

_TARGET = 64 << 10
_RUN = 255  # entries after the first that share a header
_NAME = 255  # bytes after the first
_LONGEST = 9 + _NAME
_DIRECTORY, _FILE, _SYMLINK = 1, 2, 3
_EXTENDED = 7  # what the number of an inode with more fields is larger by
_HEADER = Struct("<III")
_ENTRY = Struct("<HhHH")


@frozen
class _Folder(Folder):
    """A directory by its inode."""

    reference: int


@frozen
class SquashfsLayer:
    """The tree of one SquashFS."""

    blob: Blob
    superblock: Superblock
    digest: str | None = None
    place: str | None = None

    @property
    def form(self) -> str:
        """The compressor it was made with."""
        return f"SquashFS, {self.superblock.compressor}"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> SquashfsWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return SquashfsWalk(self, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """Its tables stand at its end."""
        return True


def layer_of(blob: Blob) -> SquashfsLayer:
    """The layer of a SquashFS; raises when its superblock cannot be read."""
    return SquashfsLayer(blob=blob, superblock=read_superblock(blob.view()))


def _unable(_block: int, _offset: int) -> bool:
    return False


class SquashfsWalk(Descent[_Folder]):
    """One pass over the directories."""

    def __init__(self, layer: SquashfsLayer, wanted: Wanted, budget: Budget) -> None:
        super().__init__(_Folder(reference=layer.superblock.root, path=b"", depth=0), wanted, budget)
        self._super = layer.superblock
        self._blob = layer.blob
        data, unpack = layer.blob.view(), unpacker(layer.superblock.compressor)
        self._metadata = Metadata(data, unpack, budget)
        self._files = Files(data, layer.superblock, self._metadata, unpack, budget)

    def __iter__(self) -> Iterator[Entry]:
        yield from super().__iter__()
        if not self.closed.count and self.entries + 1 < self._super.inodes:
            self.closed.add(b".", f"{self._super.inodes:,} inodes are counted, only {self.entries:,} names are met")

    def _listing(self, folder: _Folder) -> Iterator[Entry | _Folder]:
        """The folders and wanted entries of a directory: runs of entries whose inodes are in one block."""
        start, offset, left = self._directory(folder)
        if left <= 0:
            return
        cursor = Cursor(self._metadata, self._super.directory_table + start, offset)
        entry, match, path, begin = _ENTRY.unpack_from, self._wanted.match, folder.path, len(folder.path)
        able = self._able if self._wanted.programs else _unable
        while left > 0:
            count, block, _ = _HEADER.unpack(cursor.take(12))
            left -= 12
            if count > _RUN:
                raise Malformed("directory is damaged")
            held, at = cursor.held, cursor.at
            for _ in range(count + 1):
                if at + _LONGEST > len(held):
                    cursor.at = at
                    cursor.need(min(_LONGEST, left))
                    held, at = cursor.held, cursor.at
                if left < 9:
                    raise Malformed("directory is damaged")
                offset, _, kind, size = entry(held, at)
                end = at + 9 + size
                name = held[at + 8 : end]
                left -= end - at
                if left < 0 or size > _NAME:
                    raise Malformed("directory is damaged")
                at = end
                if self._note(path, name):
                    continue
                name = path + name
                if kind == _DIRECTORY:
                    yield _Folder(reference=block << 16 | offset, path=name + b"/", depth=folder.depth + 1)
                    continue
                named = match(name, begin) is not None
                if (named or (kind == _FILE and able(block, offset))) and (
                    found := self._entry(name, block << 16 | offset, named=named)
                ):
                    yield found
            cursor.at = at

    def _directory(self, folder: _Folder) -> tuple[int, int, int]:
        """Block, offset and bytes of a directory's listing; marks it as met."""
        cursor = self._inode(folder.reference)
        kind, number = unpack_from("<H10xI", cursor.take(16))
        if kind == _DIRECTORY:
            start, _, size, offset, _ = unpack_from("<IIHHI", cursor.take(16))
        elif kind == _DIRECTORY + _EXTENDED:
            _, size, start, _, _, offset = unpack_from("<IIIIHH", cursor.take(20))
        else:
            raise Malformed("directory has the inode of something else")
        if number > self._budget.limits.entries:
            raise LimitExceeded(f"inode number over {self._budget.limits.entries:,}")
        self._mark(number)
        return start, offset, size - 3  # as if "." and ".." were listed

    def _inode(self, reference: int) -> Cursor:
        return Cursor(self._metadata, self._super.inode_table + (reference >> 16), reference & 0xFFFF)

    def _able(self, block: int, offset: int) -> bool:
        """Whether the mode of an inode lets somebody execute the file, or cannot be seen at a glance."""
        try:
            held, _ = self._metadata.block(self._super.inode_table + block)
        except Malformed:
            return True
        return offset + 3 > len(held) or bool(held[offset + 2] & 0o111)

    def _entry(self, name: bytes, reference: int, *, named: bool) -> Entry | None:
        try:
            return self._read(name, reference, named=named)
        except (Malformed, LimitExceeded) as error:
            self._close(name, error)
            return None

    def _read(self, name: bytes, reference: int, *, named: bool) -> Entry | None:
        """What an inode is, by its own type: the directory's says less."""
        cursor = self._inode(reference)
        kind, mode = unpack_from("<HH", cursor.take(16))
        if kind in {_SYMLINK, _SYMLINK + _EXTENDED}:
            _, size = unpack_from("<II", cursor.take(8))
            if size > _TARGET:
                raise Malformed(f"symbolic link has a target of {size:,} bytes")
            return Entry(name=name, kind=Kind.SYMLINK, size=0, target=cursor.take(size))
        if kind == _FILE:
            start, fragment, offset, size = unpack_from("<IIII", cursor.take(16))
        elif kind == _FILE + _EXTENDED:
            start, size, fragment, offset = unpack_from("<QQ8x4xII", cursor.take(40))
        else:
            return Entry(name=name, kind=Kind.OTHER, size=0)
        file = File(start=start, size=size, fragment=fragment, offset=offset, words=cursor)
        whole = self._blob.part(start, size) if self._files.stored(file) else None
        content = Content(size=size, chunks=partial(self._files.chunks, file), place=whole)
        able = self._wanted.programs and mode & 0o111 != 0
        return content.chosen(name, self._budget, named=named, able=able)
