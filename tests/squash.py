"""Builds SquashFS images in memory, with every choice that a real writer has and some that none would make."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping

from tests.discs import Node, tree
from tests.images import Files, Link

NOTHING = 0xFFFFFFFF
NOWHERE = 0xFFFFFFFFFFFFFFFF
COMPRESSORS = {"gzip": 1, "lzma": 2, "lzo": 3, "xz": 4, "lz4": 5, "zstd": 6}
#: Placeholder of a field of the superblock, in the order of the format.
FIELDS = ("magic", "inodes", "time", "block", "fragments", "compressor", "log", "flags", "ids", "major", "minor")
TABLES = ("root", "used", "id_table", "xattr_table", "inode_table", "directory_table", "fragment_table", "export_table")


class Metadata:
    """A table in blocks of 8 KiB."""

    def __init__(self, pack: Callable[[bytes], bytes]) -> None:
        self.out = bytearray()
        self.pending = bytearray()
        self.pack = pack

    def add(self, data: bytes) -> tuple[int, int]:
        """Append, and say where it begins: position of the block, and offset in what it holds."""
        place = len(self.out), len(self.pending)
        self.pending += data
        while len(self.pending) >= 8192:
            self.flush()
        return place

    def flush(self) -> None:
        block, self.pending = bytes(self.pending[:8192]), self.pending[8192:]
        packed = self.pack(block)
        if len(packed) < len(block):
            self.out += struct.pack("<H", len(packed)) + packed
        else:
            self.out += struct.pack("<H", len(block) | 0x8000) + block

    def finish(self) -> bytes:
        if self.pending:
            self.flush()
        return bytes(self.out)


class Squash:
    """A SquashFS in the making.

    ``inodes`` changes the bytes of an inode by the file's name, ``listings`` those of a directory's listing,
    ``fields`` those of the superblock; ``extended`` writes the larger kind of inodes.
    """

    def __init__(
        self,
        files: Files,
        *,
        pack: Callable[[bytes], bytes] = zlib.compress,
        compressor: str = "gzip",
        log: int = 17,
        fragments: bool = True,
        extended: bool = False,
        inodes: Mapping[str, Callable[[bytes], bytes]] | None = None,
        listings: Mapping[str, Callable[[bytes], bytes]] | None = None,
        fields: Mapping[str, int | bytes] | None = None,
    ) -> None:
        self.root = tree(files)
        self.pack = pack
        self.compressor = compressor
        self.block = 1 << log
        self.log = log
        self.extended = extended
        self.use_fragments = fragments
        self.edits = inodes or {}
        self.listings = listings or {}
        self.fields = fields or {}
        self.data = bytearray(96)
        self.number = 0
        self.fragments: list[tuple[int, int]] = []
        self.tail = bytearray()
        self.inodes = Metadata(pack)
        self.directories = Metadata(pack)
        self.references: dict[str, int] = {}

    def build(self) -> bytes:
        root = self._folder(self.root)
        self._flush_tail()
        fields: dict[str, int | bytes] = {
            "magic": b"hsqs",
            "inodes": self.number,
            "time": 0,
            "block": self.block,
            "fragments": len(self.fragments),
            "compressor": COMPRESSORS[self.compressor],
            "log": self.log,
            "flags": 0,
            "ids": 1,
            "major": 4,
            "minor": 0,
            "root": root,
            "xattr_table": NOWHERE,
            "export_table": NOWHERE,
            "fragment_table": NOWHERE,
        }
        fields["inode_table"] = self._append(self.inodes.finish())
        fields["directory_table"] = self._append(self.directories.finish())
        if self.fragments:
            fields["fragment_table"] = self._table(b"".join(struct.pack("<QII", *one, 0) for one in self.fragments))
        fields["id_table"] = self._table(struct.pack("<I", 0))
        fields["used"] = len(self.data)
        fields.update(self.fields)
        self.data[:96] = struct.pack("<4sIIIIHHHHHH", *(fields[name] for name in FIELDS)) + struct.pack(
            "<8Q", *(fields[name] for name in TABLES)
        )
        return bytes(self.data)

    def _append(self, data: bytes) -> int:
        place = len(self.data)
        self.data += data
        return place

    def _table(self, data: bytes) -> int:
        """A table that is found by a list of where its blocks are."""
        places = []
        for at in range(0, len(data), 8192):
            table = Metadata(self.pack)
            table.add(data[at : at + 8192])
            places.append(self._append(table.finish()))
        return self._append(struct.pack(f"<{len(places)}Q", *places))

    def _inode(self, node: Node, kind: int, body: bytes) -> int:
        self.number += 1
        inode = struct.pack("<HHHHII", kind + (7 if self.extended else 0), 0o755, 0, 0, 0, self.number) + body
        block, offset = self.inodes.add(self.edits.get(node.name, lambda same: same)(inode))
        self.references[node.name] = block << 16 | offset
        return block << 16 | offset

    def _folder(self, folder: Node) -> int:
        found = []
        for name, child in sorted(folder.children.items(), key=lambda one: one[0].encode()):
            kind = 1 if child.content is None else 3 if isinstance(child.content, Link) else 2
            reference = self._folder(child) if kind == 1 else self._other(child)
            found.append((name.encode(), kind, reference, self.number))
        listing = b""
        at = 0
        while at < len(found):
            _, _, first, number = found[at]
            run = [one for one in found[at : at + 256] if one[2] >> 16 == first >> 16 and abs(one[3] - number) < 32768]
            listing += struct.pack("<III", len(run) - 1, first >> 16, number)
            for name, kind, reference, own in run:
                listing += struct.pack("<HhHH", reference & 0xFFFF, own - number, kind, len(name) - 1) + name
            at += len(run)
        listing = self.listings.get(folder.name, lambda same: same)(listing)
        block, offset = self.directories.add(listing)
        size = len(listing) + 3
        if self.extended:
            return self._inode(folder, 1, struct.pack("<IIIIHHI", 2, size, block, 0, 0, offset, NOTHING))
        return self._inode(folder, 1, struct.pack("<IIHHI", block, 2, size, offset, 0))

    def _other(self, node: Node) -> int:
        if isinstance(node.content, Link):
            target = node.content.target.encode()
            more = struct.pack("<I", NOTHING) if self.extended else b""
            return self._inode(node, 3, struct.pack("<II", 1, len(target)) + target + more)
        content = node.content or b""
        start, words = len(self.data), b""
        whole = len(content) // self.block * self.block if self.use_fragments else len(content)
        for at in range(0, whole, self.block):
            words += struct.pack("<I", self._block(content[at : at + self.block]))
        fragment, offset = self._fragment(content[whole:]) if whole < len(content) else (NOTHING, 0)
        if self.extended:
            head = struct.pack("<QQQIIII", start, len(content), 0, 1, fragment, offset, NOTHING)
        else:
            head = struct.pack("<IIII", start, fragment, offset, len(content))
        return self._inode(node, 2, head + words)

    def _block(self, block: bytes) -> int:
        """Append a block; returns the word that says its size."""
        if not any(block):
            return 0
        packed = self.pack(block)
        if len(packed) < len(block):
            self._append(packed)
            return len(packed)
        self._append(block)
        return len(block) | 1 << 24

    def _fragment(self, tail: bytes) -> tuple[int, int]:
        if len(self.tail) + len(tail) > self.block:
            self._flush_tail()
        place = len(self.fragments), len(self.tail)
        self.tail += tail
        return place

    def _flush_tail(self) -> None:
        if self.tail:
            start = len(self.data)
            packed = self.pack(bytes(self.tail))
            plain = len(packed) >= len(self.tail)
            self._append(bytes(self.tail) if plain else packed)
            self.fragments.append((start, len(self.tail) | 1 << 24 if plain else len(packed)))
            self.tail.clear()


def squashfs(files: Files, **more: object) -> bytes:
    """A SquashFS with these files."""
    return Squash(files, **more).build()  # type: ignore[arg-type]
