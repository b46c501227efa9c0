"""The superblock, the inodes and the block maps of ext2, ext3 and ext4.

Read by the kernel's documentation "ext4 Data Structures and Algorithms" (superblock, group descriptors, inode, block
maps, extent tree, inline data, directory entries). A read function gives bytes of the filesystem by position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import unpack_from

from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.values import frozen

SUPERBLOCK, SUPERBLOCK_BYTES = 1024, 1024
ROOT = 2
HOLE = -1
#: Types in a directory entry.
UNKNOWN, REGULAR, DIRECTORY, SYMLINK = 0, 1, 2, 7

_MAGIC = 0xEF53
_EXTENTS, _INLINE, _ENCRYPTED = 0x80000, 0x10000000, 0x800
_FILETYPE, _RECOVER, _META_BG, _64BIT = 0x2, 0x4, 0x10, 0x80
_KNOWN = 0x3F7D6  # of the features without which a filesystem is not understood
_SPARSE_SUPER = 0x1
_RUNS = 1 << 18
_NODES = 1 << 16
_DEEPEST = 5
_INITIALIZED = 1 << 15
_XATTR = 0xEA020000

#: Bytes of the filesystem by position and size; raises when they are not all there.
Read = Callable[[int, int], memoryview]
#: Start in the filesystem, ``HOLE`` for zeros, and size; both in bytes.
Run = tuple[int, int]


@frozen
class Inode:
    """One file: ``raw`` are all its bytes, ``number`` is for people."""

    number: int
    mode: int
    size: int
    flags: int
    raw: bytes

    @property
    def inline(self) -> bool:
        """Whether its content is kept in the inode."""
        return bool(self.flags & _INLINE)

    @property
    def encrypted(self) -> bool:
        """Whether its content and the names in it are encrypted."""
        return bool(self.flags & _ENCRYPTED)


def recognizes(head: bytes | memoryview) -> bool:
    """Whether 1,024 bytes at 1,024 begin as a superblock does, with numbers that are possible."""
    if len(head) < SUPERBLOCK_BYTES or unpack_from("<H", head, 56)[0] != _MAGIC:
        return False
    inodes, _, _, _, _, first, log = unpack_from("<7I", head)
    (revision,) = unpack_from("<I", head, 76)
    return bool(inodes > 0 and first <= 1 and log <= 6 and revision <= 1)


class Ext:
    """An opened filesystem; raises when it needs a feature that is not known here."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._left = 0
        head = bytes(read(SUPERBLOCK, SUPERBLOCK_BYTES))
        self.inodes, blocks = unpack_from("<II", head)
        self._first, log = unpack_from("<II", head, 20)
        self.block: int = 1024 << log
        self._blocks_per_group, _, self._inodes_per_group = unpack_from("<III", head, 32)
        revision = unpack_from("<I", head, 76)[0]
        self._inode_bytes, _, _, incompatible, readonly = (
            unpack_from("<HHIII", head, 88) if revision else (128,) + (0,) * 4
        )
        if incompatible & ~_KNOWN:
            raise Unsupported(f"ext filesystem needs features that are not known ({incompatible & ~_KNOWN:#x})")
        self.typed = bool(incompatible & _FILETYPE)
        self.unclean = bool(incompatible & _RECOVER)
        self.label = head[120:136].partition(b"\0")[0].decode("utf-8", "replace")
        self._sparse = bool(readonly & _SPARSE_SUPER)
        wide = bool(incompatible & _64BIT)
        self._descriptor = max(32, unpack_from("<H", head, 254)[0]) if wide else 32
        self.size = (blocks | (unpack_from("<I", head, 336)[0] << 32 if wide else 0)) * self.block
        self._meta = unpack_from("<I", head, 260)[0] if incompatible & _META_BG else None
        fits = 128 <= self._inode_bytes <= self.block and self._descriptor <= self.block
        if not fits or not self._blocks_per_group or not self._inodes_per_group:
            raise Malformed("ext superblock is damaged")

    def inode(self, number: int) -> Inode:
        """The inode of a number; raises when there is none."""
        if not 0 < number <= self.inodes:
            raise Malformed(f"inode {number:,} of {self.inodes:,}")
        group, index = divmod(number - 1, self._inodes_per_group)
        raw = bytes(self._read(self._table(group) + index * self._inode_bytes, self._inode_bytes))
        mode, _, low = unpack_from("<HHI", raw)
        (flags,), (high,) = unpack_from("<I", raw, 32), unpack_from("<I", raw, 108)
        return Inode(number=number, mode=mode, size=low | high << 32, flags=flags, raw=raw)

    def runs(self, inode: Inode) -> list[Run]:
        """Where the content is, from its first byte on; zeros behind the last. Raises when that has no end."""
        found: list[Run] = []
        self._left = _NODES
        wanted = -(-inode.size // self.block)
        at = 0
        blocks = self._extents if inode.flags & _EXTENTS else self._mapped
        for logical, physical, count in blocks(inode, wanted):
            if logical < at:
                raise Malformed("blocks of a file are out of order")
            if logical > at:
                found.append((HOLE, (logical - at) * self.block))
            start = physical * self.block if physical else HOLE
            if found and start > 0 and found[-1][0] > 0 and sum(found[-1]) == start:
                found[-1] = (found[-1][0], found[-1][1] + count * self.block)
            else:
                found.append((start, count * self.block))
            at = logical + count
            if len(found) > _RUNS:
                raise Malformed("file is in very many pieces")
        return found

    def _table(self, group: int) -> int:
        """Where the inodes of a group are."""
        per_block = self.block // self._descriptor
        number, index = divmod(group, per_block)
        block = SUPERBLOCK // self.block + 1 + number
        if self._meta is not None and number >= self._meta:
            group = number * per_block
            block = self._first + group * self._blocks_per_group + self._has_super(group)
        raw = self._read(block * self.block + index * self._descriptor, self._descriptor)
        low, high = unpack_from("<I", raw, 8)[0], unpack_from("<I", raw, 40)[0] if self._descriptor >= 64 else 0
        table: int = low | high << 32
        return table * self.block

    def _has_super(self, group: int) -> int:
        """How many blocks a copy of the superblock takes at the beginning of a group."""
        if group <= 1 or not self._sparse:
            return 1
        for base in (3, 5, 7):
            power = base
            while power < group:
                power *= base
            if power == group:
                return 1
        return 0

    def _extents(self, inode: Inode, wanted: int) -> Iterator[tuple[int, int, int]]:
        """First block in the file, first on disk (0 when it was never written) and count, by the extent tree."""
        levels = [iter([inode.raw[40:100]])]
        depth: list[int] = []
        while levels:
            node = next(levels[-1], None)
            if node is None:
                levels.pop()
                depth = depth[:-1]
                continue
            magic, entries, _, height = unpack_from("<HHHH", node)
            expected = depth[-1] - 1 if depth else height
            if magic != 0xF30A or height != expected or height > _DEEPEST or 12 + entries * 12 > len(node):
                raise Malformed("extent tree is damaged")
            if height:
                levels.append(self._nodes(node, entries))
                depth.append(height)
                continue
            for at in range(12, 12 + entries * 12, 12):
                logical, count, high, low = unpack_from("<IHHI", node, at)
                written = count <= _INITIALIZED
                count -= 0 if written else _INITIALIZED
                if logical >= wanted:
                    return
                yield logical, (high << 32 | low) if written else 0, min(count, wanted - logical)

    def _nodes(self, node: bytes, entries: int) -> Iterator[bytes]:
        for at in range(12, 12 + entries * 12, 12):
            _, low, high = unpack_from("<IIH", node, at)
            yield bytes(self._node(high << 32 | low))

    def _node(self, block: int) -> memoryview:
        """A block that says where blocks are, of which a file may have many, and not without end."""
        self._left -= 1
        if self._left < 0:
            raise Malformed("blocks of a file are listed without end")
        return self._read(block * self.block, self.block)

    def _mapped(self, inode: Inode, wanted: int) -> Iterator[tuple[int, int, int]]:
        """The same by the block map: twelve blocks, then blocks of numbers, up to three levels of them."""
        pointers = unpack_from("<15I", inode.raw, 40)
        logical = 0
        for pointer in pointers[:12]:
            if logical < wanted and pointer:
                yield logical, pointer, 1
            logical += 1
        for level, pointer in enumerate(pointers[12:], 1):
            if logical >= wanted:
                return
            yield from self._indirect(pointer, level, logical, wanted)
            logical += (self.block // 4) ** level

    def _indirect(self, pointer: int, level: int, logical: int, wanted: int) -> Iterator[tuple[int, int, int]]:
        if not pointer or logical >= wanted:
            return
        step = (self.block // 4) ** (level - 1)
        for below in unpack_from(f"<{self.block // 4}I", self._node(pointer)):
            if logical >= wanted:
                return
            if level > 1:
                yield from self._indirect(below, level - 1, logical, wanted)
            elif below:
                yield logical, below, 1
            logical += step


def inline_data(inode: Inode) -> bytes:
    """Content that is kept in the inode: sixty bytes where the block map would be, the rest in an attribute."""
    data = inode.raw[40:100]
    if inode.size > len(data):
        data += _attribute(inode.raw)
    if len(data) < inode.size:
        raise Malformed("inline content is cut short")
    return data[: inode.size]


def _attribute(raw: bytes) -> bytes:
    """The value of ``system.data`` among the attributes in an inode."""
    if len(raw) < 132:
        return b""
    start = 128 + unpack_from("<H", raw, 128)[0]
    if start + 4 > len(raw) or unpack_from("<I", raw, start)[0] != _XATTR:
        return b""
    at = first = start + 4
    while at + 16 <= len(raw) and raw[at]:
        length, index, offset, _, size = unpack_from("<BBHII", raw, at)
        if index == 7 and raw[at + 16 : at + 16 + length] == b"data":
            return raw[first + offset : first + offset + size]
        at += (16 + length + 3) & ~3
    return b""


def names(block: bytes | memoryview, *, typed: bool) -> Iterator[tuple[bytes, int, int]]:
    """Name, inode and type of the entries of a directory's block; raises when it is damaged, after those before."""
    position = 0
    while position + 8 <= len(block):
        inode, length, size, kind = unpack_from("<IHBB", block, position)
        if not typed:
            size, kind = size | kind << 8, UNKNOWN
        # a block of 64 KiB is longer than its length can say
        length = len(block) - position if length in {0, 65535} and len(block) == 65536 else length & ~3
        if length < 8 or position + length > len(block) or 8 + size > length:
            raise Malformed("directory is damaged")
        if inode:
            yield bytes(block[position + 8 : position + 8 + size]), inode, kind & 0x0F
        position += length
