"""APFS containers and their volumes as trees of files.

Read by Apple File System Reference (2020-06-22): container superblocks and checkpoints, volumes, the file-system tree
with inodes, directory records, extended attributes and extents, sealed volumes. Snapshots are passed by; encrypted
volumes are told.

The tree is passed twice: names are kept below the number of their folder, and a folder may be named after what is in
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from struct import Struct
from typing import Any

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import Budget
from surveyor.scan.tree.apfs_tree import Blocks, ObjectMap, Tree, is_whole
from surveyor.scan.tree.decmpfs import ATTRIBUTE, Packed
from surveyor.scan.tree.device import HOLE, Device, Run, Runs, exactly
from surveyor.scan.tree.entry import Entry, Kind, Names, Tally, Wanted, readable
from surveyor.scan.tree.folders import LEADING_OUT, Folders
from surveyor.scan.values import frozen

_CONTAINER, _VOLUME = b"NXSB", b"APSB"
#: The moment it is of; blocks of the area of checkpoints, and its first; the object map; volumes at most.
_SUPERBLOCK = Struct("<16xQ80xI4xQ40xQ12xI")
_VOLUMES, _MOST_VOLUMES = 184, 100
_CHECKPOINTS = 100_000
_SCATTERED = 1 << 63
_UNENCRYPTED = 1
#: Names are hashed where they are compared without regard to case or to how they are composed.
_HASHED = 1 | 8
_SEALED = 0x20
_INODE, _ATTRIBUTE, _EXTENT, _NAME = 3, 4, 8, 9
_ROOT, _PRIVATE = 2, 3
_FOLDER, _REGULAR, _LINK = 4, 8, 10
_ID = (1 << 60) - 1
_INODE_BYTES = 92
_STREAM = 8
_COMPRESSED = 0x20
_EMBEDDED = 2
_SYMLINK, _RESOURCE = b"com.apple.fs.symlink", b"com.apple.ResourceFork"
_LENGTH = (1 << 56) - 1
_EXTENTS = 100_000  # of one file
_ABLE = 500_000  # numbers of files that may be executed, about 40 MB


def recognizes(device: Device) -> bool:
    """Whether a container begins here."""
    return bytes(device.read(32, 4)) == _CONTAINER


class Container:
    """An opened container at its newest checkpoint."""

    def __init__(self, device: Device, budget: Budget) -> None:
        first = exactly(device, 0, 4096, "the container's superblock")
        size = int.from_bytes(first[36:40], "little")
        if bytes(first[32:36]) != _CONTAINER or not 4096 <= size <= 65536 or size & (size - 1):
            raise Malformed("no APFS container, or one with blocks of an impossible size")
        self.blocks = Blocks(device, size)
        self._budget = budget
        self._newest = self._checkpoint()
        self._moment, _, _, objects, self._count = _SUPERBLOCK.unpack_from(self._newest)
        self._map = ObjectMap(self.blocks, objects, self._moment, budget, "the container's object map")

    def volumes(self) -> Iterator[Volume | Malformed | Unsupported]:
        """Every volume, or why it cannot be read."""
        for number in range(min(self._count, _MOST_VOLUMES)):
            at = _VOLUMES + 8 * number
            if identity := int.from_bytes(self._newest[at : at + 8], "little"):
                try:
                    yield Volume(self.blocks, self._map.locate(identity), self._moment, self._budget)
                except (Malformed, Unsupported) as error:
                    yield error

    def _checkpoint(self) -> memoryview:
        """The newest superblock that is whole; the one at the front may be older."""
        first = self.blocks.read(0, "the container's superblock")
        _, count, base, _, _ = _SUPERBLOCK.unpack_from(first)
        newest = first if is_whole(first) else None
        if not base & _SCATTERED:
            for number in range(min(count, _CHECKPOINTS, len(self.blocks.device) // self.blocks.size)):
                self._budget.check_time()
                start = (base + number) * self.blocks.size
                if bytes(self.blocks.device.read(start + 32, 4)) == _CONTAINER:
                    block = self.blocks.device.read(start, self.blocks.size)
                    if len(block) == self.blocks.size and is_whole(block):
                        newest = max(newest or block, block, key=_moment)
        if newest is None:
            raise Malformed("no superblock of the APFS container is whole")
        return newest


@frozen
class Inode:
    """What of a file's inode counts: where its extents are listed, its bytes, mode, and whether it is compressed."""

    private: int
    size: int
    mode: int
    compressed: bool


class Volume:
    """An opened volume: its tree, and the bytes of any file."""

    def __init__(self, blocks: Blocks, block: int, moment: int, budget: Budget) -> None:
        head = blocks.read(block, "a volume's superblock")
        if bytes(head[32:36]) != _VOLUME or not is_whole(head):
            raise Malformed("a volume's superblock is damaged")
        self.name = readable(bytes(head[704:960]).partition(b"\0")[0])
        self.budget = budget
        if not head[264] & _UNENCRYPTED:
            raise Unsupported(f"volume {self.name} is encrypted")
        features = int.from_bytes(head[56:64], "little")
        self.hashed = bool(features & _HASHED)
        self._blocks = blocks
        objects = ObjectMap(blocks, int.from_bytes(head[128:136], "little"), moment, budget, "a volume's object map")
        root = int.from_bytes(head[136:144], "little")
        self.tree = Tree(blocks, root, objects.locate, _order, budget, "the file-system tree")
        self._extents: Tree | None = None
        if features & _SEALED and (sealed := int.from_bytes(head[1032:1040], "little")):
            self._extents = Tree(blocks, sealed, None, _extent_order, budget, "the tree of extents")

    def inode(self, number: int) -> Inode:
        """A file's inode."""
        for key, value in self.tree.find((number, _INODE, 0)):
            if _order(key)[:2] == (number, _INODE) and len(value) >= _INODE_BYTES:
                return Inode(
                    private=int.from_bytes(value[8:16], "little"),
                    size=_stream_size(value[_INODE_BYTES:]),
                    mode=int.from_bytes(value[80:82], "little"),
                    compressed=bool(value[68] & _COMPRESSED),
                )
            break
        raise Malformed("name of a file that is not there")

    def bytes_of(self, private: int, size: int) -> Runs:
        """A stream of bytes by the number that its extents are kept under."""
        runs: list[Run] = []
        covered = 0
        for address, length, block in self._runs(private):
            if address < covered or not length:
                raise Malformed("file has extents that overlap")
            if address > covered:
                runs.append((HOLE, address - covered))
            runs.append((block * self._blocks.size if block else HOLE, length))
            covered = address + length
            if len(runs) > _EXTENTS:
                raise LimitExceeded(f"file has more than {_EXTENTS:,} extents")
        return Runs(self._blocks.device, runs, size, self.budget)

    def _runs(self, private: int) -> Iterator[tuple[int, int, int]]:
        """Position in the file, bytes, and block of each extent; block zero is a hole."""
        tree, wanted = (self.tree, (private, _EXTENT, 0)) if self._extents is None else (self._extents, (private, 0))
        for key, value in tree.find(wanted):
            order = _order(key) if self._extents is None else _extent_order(key)
            if order < wanted:
                continue
            if order[:-1] != wanted[:-1] or len(value) < 16:
                return
            yield order[-1], int.from_bytes(value[:8], "little") & _LENGTH, int.from_bytes(value[8:16], "little")

    def attribute(self, number: int, name: bytes) -> Device | memoryview | None:
        """An extended attribute of a file: its bytes, or where they are."""
        wanted = number, _ATTRIBUTE, name
        for key, value in self.tree.find(wanted):
            order = _order(key)
            if order < wanted:
                continue
            if order != wanted or len(value) < 4:
                return None
            size = int.from_bytes(value[2:4], "little")
            if value[0] & _EMBEDDED:
                return value[4 : 4 + size]
            return self.bytes_of(int.from_bytes(value[4:12], "little"), int.from_bytes(value[12:20], "little"))
        return None

    def packed(self, number: int) -> Packed:
        """A file as compressed by its attribute."""
        attribute = self.attribute(number, ATTRIBUTE.encode())
        if attribute is None:
            raise Malformed("compressed file has no attribute that says how")
        head = attribute if isinstance(attribute, memoryview) else attribute.read(0, 65536)
        resource = self.attribute(number, _RESOURCE)
        if isinstance(resource, memoryview):
            raise Unsupported("compressed file with a resource fork inside its tree")
        return Packed(head, resource, self.budget)


def _order(key: memoryview) -> tuple[Any, ...]:
    """Records are in the order of object, kind, and then what the kind has: a name or a position."""
    head = int.from_bytes(key[:8], "little")
    kind = head >> 60
    if kind == _EXTENT:
        return head & _ID, kind, int.from_bytes(key[8:16], "little")
    return head & _ID, kind, bytes(key[10:]).rstrip(b"\0") if kind == _ATTRIBUTE else 0


def _moment(block: memoryview) -> int:
    return int.from_bytes(block[16:24], "little")


def _extent_order(key: memoryview) -> tuple[Any, ...]:
    return int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")


def _stream_size(fields: memoryview) -> int:
    """The bytes of a file, from the extended fields of its inode; none when it has no stream."""
    if len(fields) < 4:
        return 0
    count = int.from_bytes(fields[:2], "little")
    at = 4 + 4 * count
    for number in range(count):
        kind, _, low, high = bytes(fields[4 + 4 * number : 8 + 4 * number]).ljust(4, b"\0")
        if kind == _STREAM:
            return int.from_bytes(fields[at : at + 8], "little")
        at += ((low | high << 8) + 7) & -8
    return 0


@frozen
class ApfsLayer:
    """The files of a volume."""

    volume: Volume
    place: str | None = None
    digest: str | None = None
    form: str = field(default="apfs")

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> ApfsWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return ApfsWalk(self.volume, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """A volume says itself what is in it."""
        return True


class ApfsWalk:
    """Two passes over the tree, the first for the folders and for which files may be executed."""

    def __init__(self, volume: Volume, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._volume = volume
        self._wanted = wanted
        self._budget = budget
        self._folders = Folders(_ROOT)
        self._able: set[int] = set()

    def __iter__(self) -> Iterator[Entry]:
        self._gather()
        parent, folder = -1, b""
        match, programs, all_able = self._wanted.match, self._wanted.programs, len(self._able) >= _ABLE
        for key, value in self._volume.tree.records():
            if len(key) < 8 or key[7] >> 4 != _NAME or len(value) < 18 or value[16] & 15 == _FOLDER:
                continue
            self._budget.entry()
            self.entries += 1
            number = int.from_bytes(key[:8], "little") & _ID
            if number == _PRIVATE:
                continue  # where files are kept that have no name any more
            if number != parent:
                parent, folder = number, self._folders.path(number, self)
            last = self._name(key)
            name = folder + last
            if last in LEADING_OUT or b"/" in last:
                self.climbing.add(name)
                continue
            file, kind = int.from_bytes(value[:8], "little"), value[16] & 15
            named = match(name, len(folder)) is not None
            able = programs and kind == _REGULAR and (all_able or file in self._able)
            if (named or able) and (found := self._looked_at(name, file, kind, named=named)):
                yield found

    def _gather(self) -> None:
        for key, value in self._volume.tree.records():
            kind = key[7] >> 4 if len(key) >= 8 else 0
            if kind == _NAME and len(value) >= 18 and value[16] & 15 == _FOLDER:
                self._budget.entry()
                self.entries += 1
                parent = int.from_bytes(key[:8], "little") & _ID
                self._folders.add(int.from_bytes(value[:8], "little"), parent, self._name(key))
            elif kind == _INODE and len(value) >= _INODE_BYTES and value[80] & 0o111 and len(self._able) < _ABLE:
                # a folder is another kind of name, and is not looked for
                self._able.add(int.from_bytes(key[:8], "little") & _ID)

    def _name(self, key: memoryview) -> bytes:
        return bytes(key[12 if self._volume.hashed else 10 :]).partition(b"\0")[0]

    def _looked_at(self, name: bytes, file: int, kind: int, *, named: bool) -> Entry | None:
        try:
            return self._entry(name, file, kind, named=named)
        except (Malformed, Unsupported, LimitExceeded) as error:
            self._budget.check_time()  # what one file takes too much of, another may not
            self.closed.add(name, str(error))
            return None

    def _entry(self, name: bytes, file: int, kind: int, *, named: bool) -> Entry | None:
        """The entry of a file that is wanted by its name, or that may be executed and begins as a program."""
        volume = self._volume
        if kind == _LINK:
            target = volume.attribute(file, _SYMLINK)
            found = bytes(target) if isinstance(target, memoryview) else b""
            return Entry(name=name, kind=Kind.SYMLINK, size=0, target=found.partition(b"\0")[0])
        if kind != _REGULAR:
            return Entry(name=name, kind=Kind.OTHER, size=0)
        inode = volume.inode(file)
        if inode.compressed:
            content = volume.packed(file).content()
        else:
            content = volume.bytes_of(inode.private, inode.size).content()
        able = self._wanted.programs and inode.mode & 0o111 != 0
        return content.chosen(name, self._budget, named=named, able=able)
