"""The superblock of a SquashFS 4.0, the blocks of its tables, and the bytes of its files.

Read by the kernel's documentation of SquashFS 4.0 and "SquashFS Binary Format" of squashfs-tools-ng (doc/format.adoc).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from copy import copy
from struct import unpack_from

from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.formats.squashblock import BEGINNERS, COMPRESSORS, Unpack
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.values import frozen

MAGIC = b"hsqs"
#: Other byte order, and a variant that packed with LZMA before version 4 did.
OLD_MAGICS = (b"sqsh", b"shsq", b"qshs")
NOTHING = 0xFFFFFFFF

_SUPERBLOCK = 96
_METADATA = 8192
_KEPT_METADATA = 4 * MIB // _METADATA
_KEPT_FRAGMENTS = 8 * MIB
_STORED_METADATA = 0x8000
_STORED = 1 << 24
_FRAGMENTS = 512  # entries of 16 bytes in a block of the fragment table
_BLOCKS = range(12, 21)  # 4 KiB to 1 MiB, as binary logarithms


@frozen
class Superblock:
    """Where the tables are, in bytes from the start; ``block`` is a full data block's size, ``root`` a reference."""

    inodes: int
    block: int
    fragments: int
    compressor: str
    root: int
    used: int
    inode_table: int
    directory_table: int
    fragment_table: int


def read_superblock(data: memoryview) -> Superblock:
    """The superblock; raises for other versions than 4.0, and when a table lies beyond the end."""
    head = bytes(data[:_SUPERBLOCK])
    if head[:4] in OLD_MAGICS:
        raise Unsupported("SquashFS before version 4, or of the other byte order, is not read")
    if head[:4] != MAGIC or len(head) < _SUPERBLOCK:
        raise Malformed("SquashFS has no superblock, or is cut short in it")
    inodes, _, block, fragments, compressor, log, _, _, major, minor = unpack_from("<IIIIHHHHHH", head, 4)
    root, used, _, _, inode_table, directory_table, fragment_table, _ = unpack_from("<8Q", head, 32)
    if (major, minor) != (4, 0):
        raise Unsupported(f"SquashFS version {major}.{minor} is not read")
    if log not in _BLOCKS or block != 1 << log:
        raise Malformed(f"SquashFS has a block size of {block:,} bytes")
    if compressor not in COMPRESSORS:
        raise Unsupported(f"SquashFS compressor {compressor} is not known")
    if max(used, inode_table, directory_table) > len(data):
        raise Malformed(
            f"SquashFS is cut short: {len(data):,} of {used:,} bytes are there, its tables stand at its end"
        )
    return Superblock(
        inodes=inodes,
        block=block,
        fragments=fragments,
        compressor=COMPRESSORS[compressor],
        root=root,
        used=used,
        inode_table=inode_table,
        directory_table=directory_table,
        fragment_table=fragment_table,
    )


class Metadata:
    """Blocks of 8 KiB in which all tables are kept; the last that were unpacked stay."""

    def __init__(self, data: memoryview, unpack: Unpack, budget: Budget) -> None:
        self._data = data
        self._unpack = unpack
        self._budget = budget
        self._kept: OrderedDict[int, tuple[bytes, int]] = OrderedDict()

    def block(self, at: int) -> tuple[bytes, int]:
        """The bytes of the block at a position, and the position of the next."""
        if found := self._kept.get(at):
            self._kept.move_to_end(at)
            return found
        if at + 2 > len(self._data):
            raise Malformed("table lies beyond the end of the file")
        word = self._data[at] | self._data[at + 1] << 8
        size = word & ~_STORED_METADATA
        packed = self._data[at + 2 : at + 2 + size]
        if not 0 < size <= _METADATA or len(packed) < size:
            raise Malformed("table has a damaged block")
        block = bytes(packed) if word & _STORED_METADATA else self._unpack(packed, _METADATA)
        self._budget.inflate(len(block))
        if not block:
            raise Malformed("table has an empty block")
        self._kept[at] = found = block, at + 2 + size
        if len(self._kept) > _KEPT_METADATA:
            self._kept.popitem(last=False)
        return found


class Cursor:
    """A place in a table: ``held`` from ``at`` on is what comes, more of it when it is asked for."""

    __slots__ = ("_metadata", "_next", "at", "held")

    def __init__(self, metadata: Metadata, start: int, offset: int) -> None:
        self._metadata = metadata
        self.held, self._next = metadata.block(start)
        self.at = offset

    def twin(self) -> Cursor:
        """Another cursor at the same place."""
        return copy(self)

    def need(self, count: int) -> None:
        """Hold so many bytes from here on; raises when the table ends before."""
        while self.at + count > len(self.held):
            block, self._next = self._metadata.block(self._next)
            if self.at > len(self.held):
                raise Malformed("reference leads outside its block")
            self.held, self.at = self.held[self.at :] + block, 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self.need(count)
        found = self.held[self.at : self.at + count]
        self.at += count
        return found


@frozen
class File:
    """Where the bytes of a file are; ``words`` is the place of the sizes of its blocks, one number each."""

    start: int
    size: int
    fragment: int
    offset: int
    words: Cursor


class Files:
    """The bytes of files, block by block; fragments that were unpacked last stay, since many files share one."""

    def __init__(
        self, data: memoryview, superblock: Superblock, metadata: Metadata, unpack: Unpack, budget: Budget
    ) -> None:
        self._data = data
        self._super = superblock
        self._metadata = metadata
        self._unpack = unpack
        self._budget = budget
        self._begin = BEGINNERS.get(superblock.compressor)
        self._fragments: OrderedDict[int, bytes] = OrderedDict()
        self._kept = 0

    def chunks(self, file: File, count: int) -> Iterator[bytes]:
        """The first bytes, ``count`` of them or a few more, block by block; raises when one is damaged or not there."""
        block, words, position, at = self._super.block, file.words.twin(), file.start, 0
        tail = file.size % block if file.fragment != NOTHING else 0
        body = file.size - tail
        while at < min(count, body):
            word = int.from_bytes(words.take(4), "little")
            chunk = self._chunk(position, word, min(block, body - at), count - at)
            position += word & ~_STORED
            at += len(chunk)
            yield chunk
        if at < count:
            fragment = self._fragment(file.fragment)[file.offset : file.offset + tail]
            if len(fragment) != tail:
                raise Malformed("end of a file lies outside its fragment")
            yield fragment

    def _chunk(self, position: int, word: int, expected: int, wanted: int) -> bytes:
        """One block, or its beginning when much less is wanted; one without bytes is a hole."""
        if not word:
            self._budget.inflate(expected)
            return bytes(expected)
        begin = self._begin if wanted < expected // 2 and not word & _STORED else None
        chunk = begin(self._packed(position, word), wanted) if begin else self._block(position, word, expected)
        if len(chunk) != (wanted if begin else expected):
            raise Malformed(f"block of a file holds {len(chunk):,} instead of {expected:,} bytes")
        return chunk

    def stored(self, file: File) -> bool:
        """Whether a file lies in one piece, since no block of it could be packed."""
        if file.fragment != NOTHING or not file.size or file.start + file.size > len(self._data):
            return False
        words, left = file.words.twin(), file.size
        while left > 0:
            size = min(left, self._super.block)
            if int.from_bytes(words.take(4), "little") != size | _STORED:
                return False
            left -= size
        return True

    def _packed(self, at: int, word: int) -> memoryview:
        size = word & ~_STORED
        packed = self._data[at : at + size]
        if size > self._super.block or len(packed) < size:
            raise Malformed("block of a file lies outside the filesystem")
        return packed

    def _block(self, at: int, word: int, limit: int) -> bytes:
        packed = self._packed(at, word)
        self._budget.inflate(limit)
        return bytes(packed) if word & _STORED else self._unpack(packed, limit)

    def _fragment(self, number: int) -> bytes:
        if found := self._fragments.get(number):
            self._fragments.move_to_end(number)
            return found
        if number >= self._super.fragments:
            raise Malformed(f"fragment {number:,} of {self._super.fragments:,}")
        at = self._super.fragment_table + number // _FRAGMENTS * 8
        block, _ = self._metadata.block(int.from_bytes(self._data[at : at + 8], "little"))
        entry = block[number % _FRAGMENTS * 16 :][:12]
        if len(entry) < 12:
            raise Malformed("fragment table is cut short")
        start, word = unpack_from("<QI", entry)
        found = self._fragments[number] = self._block(start, word, self._super.block)
        self._kept += len(found)
        while self._kept > _KEPT_FRAGMENTS:
            self._kept -= len(self._fragments.popitem(last=False)[1])
        return found
