"""Builds ext filesystems in memory: block maps or extents of any depth, inline content, disks with partitions."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from tests.discs import Node, tree
from tests.images import Files, Link

BLOCK = 1024
PER_GROUP = 16  # inodes, few so that there are many groups
INODE = 256
FILETYPE, EXTENTS, WIDE, INLINE = 0x2, 0x40, 0x80, 0x8000


class Ext:
    """A filesystem in the making.

    ``extents`` in leaves of ``fan`` entries; without, block maps. ``apart`` leaves a block between any two of a file,
    blocks of zeros are holes. ``inodes`` changes the bytes of an inode by the file's name, ``fields`` those of the
    superblock by their place.
    """

    def __init__(
        self,
        files: Files,
        *,
        extents: bool = True,
        fan: int = 4,
        apart: bool = False,
        inline: bool = False,
        wide: bool = False,
        typed: bool = True,
        inodes: Mapping[str, Callable[[bytes], bytes]] | None = None,
        fields: Mapping[int, bytes] | None = None,
    ) -> None:
        self.root = tree(files)
        self.extents = extents
        self.fan = fan
        self.apart = apart
        self.inline = inline
        self.wide = wide
        self.typed = typed
        self.edits = inodes or {}
        self.fields = fields or {}
        self.tables: dict[int, bytes] = {}
        self.numbers: dict[str, int] = {}
        self.next = 11

    def build(self) -> bytes:
        nodes = list(self.root.folders())
        count = 12 + sum(len(node.children) for node in nodes)
        self.groups = -(-count // PER_GROUP)
        per_table = PER_GROUP * INODE // BLOCK
        descriptor = 64 if self.wide else 32
        gdt = -(-self.groups * descriptor // BLOCK)
        self.first = 2 + gdt
        self.blocks: list[bytes] = [b""] * (self.first + self.groups * per_table)
        self.root.place = 2
        self._number(self.root)
        self._folder(self.root, self.root)
        groups = b""
        for group in range(self.groups):
            table = self.first + group * per_table
            groups += (struct.pack("<III", 0, 0, table) + bytes(20) + bytes(32)).ljust(descriptor, b"\0")[:descriptor]
            raw = b"".join(
                self.tables.get(number, b"").ljust(INODE, b"\0")
                for number in range(group * PER_GROUP + 1, (group + 1) * PER_GROUP + 1)
            )
            for at in range(per_table):
                self.blocks[table + at] = raw[at * BLOCK : (at + 1) * BLOCK]
        for at in range(gdt):
            self.blocks[2 + at] = groups[at * BLOCK : (at + 1) * BLOCK]
        self.blocks[1] = self._superblock()
        return b"".join(block.ljust(BLOCK, b"\0") for block in self.blocks)

    def _superblock(self) -> bytes:
        out = bytearray(1024)
        features = FILETYPE * self.typed | EXTENTS * self.extents | WIDE * self.wide | INLINE * self.inline
        struct.pack_into("<II", out, 0, self.groups * PER_GROUP, len(self.blocks))
        struct.pack_into("<II", out, 20, 1, 0)
        struct.pack_into("<III", out, 32, 8192, 8192, PER_GROUP)
        struct.pack_into("<HHH", out, 56, 0xEF53, 1, 1)
        struct.pack_into("<III", out, 76, 1, 0, 11)
        struct.pack_into("<HHIII", out, 88, INODE, 0, 0, features, 0)
        out[120:129] = b"surveyor\0"
        struct.pack_into("<H", out, 254, 64 if self.wide else 0)
        for at, value in self.fields.items():
            out[at : at + len(value)] = value
        return bytes(out)

    def _number(self, folder: Node) -> None:
        for child in folder.children.values():
            child.place, self.next = self.next, self.next + 1
            self.numbers[child.name] = child.place
            self._number(child)

    def _folder(self, folder: Node, parent: Node) -> None:
        entries = [(b".", folder.place, 2), (b"..", parent.place, 2)]
        for child in folder.children.values():
            kind = 2 if child.content is None else 7 if isinstance(child.content, Link) else 1
            entries.append((child.name.encode(), child.place, kind))
            if kind == 2:
                self._folder(child, folder)
            elif isinstance(child.content, Link):
                self._inode(child, 0o120777, child.content.target.encode())
            else:
                self._inode(child, 0o100644, child.content or b"")
        listing = self._listing(entries)
        inlined = struct.pack("<I", parent.place) + self._entries(entries[2:], 56)
        if self.inline and len(inlined) == 60:
            self._store(folder, 0o40755, 60, 0x10000000, inlined)
        else:
            self._inode(folder, 0o40755, listing)

    def _entry(self, name: bytes, number: int, kind: int, length: int) -> bytes:
        if self.typed:
            head = struct.pack("<IHBB", number, length, len(name), kind)
        else:
            head = struct.pack("<IHH", number, length, len(name))
        return (head + name).ljust(length, b"\0")

    def _entries(self, entries: list[tuple[bytes, int, int]], room: int) -> bytes:
        """Entries in so much room, the last as long as what is left; more than that when they do not fit."""
        out = b""
        for at, (name, number, kind) in enumerate(entries):
            last = at == len(entries) - 1
            length = (8 + len(name) + 3) & ~3
            out += self._entry(name, number, kind, max(length, room - len(out)) if last else length)
        return out or struct.pack("<IHBB", 0, room, 0, 0).ljust(room, b"\0")

    def _listing(self, entries: list[tuple[bytes, int, int]]) -> bytes:
        out, held = b"", []
        room = BLOCK
        for entry in entries:
            length = (8 + len(entry[0]) + 3) & ~3
            if length > room:
                out += self._entries(held, BLOCK)
                held, room = [], BLOCK
            held.append(entry)
            room -= length
        return out + self._entries(held, BLOCK)

    def _inode(self, node: Node, mode: int, content: bytes) -> None:
        if mode & 0o170000 == 0o120000 and len(content) < 60:
            self._store(node, mode, len(content), 0, content)
        elif self.inline and mode & 0o100000 and len(content) <= 120:
            self._store(node, mode, len(content), 0x10000000, content[:60], content[60:])
        else:
            runs = self._put(content)
            flags = 0x80000 if self.extents else 0
            self._store(node, mode, len(content), flags, self._tree(runs) if self.extents else self._map(runs))

    def _store(self, node: Node, mode: int, size: int, flags: int, body: bytes, more: bytes = b"") -> None:
        raw = bytearray(INODE)
        struct.pack_into("<HHI", raw, 0, mode, 0, size & 0xFFFFFFFF)
        struct.pack_into("<I", raw, 32, flags)
        raw[40 : 40 + len(body)] = body
        struct.pack_into("<IH", raw, 108, size >> 32, 0)
        if more:
            struct.pack_into("<H", raw, 128, 32)
            attribute = struct.pack("<BBHII", 4, 7, 24, 0, len(more)) + bytes(4) + b"data"
            raw[160:164] = struct.pack("<I", 0xEA020000)
            raw[164 : 164 + len(attribute)] = attribute
            raw[164 + 24 : 164 + 24 + len(more)] = more
        self.tables[node.place] = self.edits.get(node.name, lambda same: same)(bytes(raw))

    def _put(self, content: bytes) -> list[tuple[int, int]]:
        """Blocks in the file and on the disk; those of zeros are nowhere."""
        found = []
        for at in range(0, len(content), BLOCK):
            block = content[at : at + BLOCK]
            if any(block):
                found.append((at // BLOCK, len(self.blocks)))
                self.blocks += [block, b"\xff" * BLOCK] if self.apart else [block]
        return found

    def _tree(self, runs: list[tuple[int, int]]) -> bytes:
        entries = [struct.pack("<IHHI", logical, 1, 0, block) for logical, block in runs]
        height = 0
        while len(entries) > 4:
            above = []
            for at in range(0, len(entries), self.fan):
                part = entries[at : at + self.fan]
                node = struct.pack("<HHHHI", 0xF30A, len(part), 84, height, 0) + b"".join(part)
                self.blocks.append(node)
                above.append(part[0][:4] + struct.pack("<IHH", len(self.blocks) - 1, 0, 0))
            entries, height = above, height + 1
        return struct.pack("<HHHHI", 0xF30A, len(entries), 4, height, 0) + b"".join(entries)

    def _map(self, runs: list[tuple[int, int]]) -> bytes:
        where = dict(runs)
        last = max(where, default=-1)
        pointers = [where.get(logical, 0) for logical in range(12)]
        logical = 12
        for level in (1, 2, 3):
            pointers.append(self._indirect(where, level, logical, last))
            logical += (BLOCK // 4) ** level
        return struct.pack("<15I", *pointers)

    def _indirect(self, where: dict[int, int], level: int, logical: int, last: int) -> int:
        if logical > last:
            return 0
        if not level:
            return where.get(logical, 0)
        step = (BLOCK // 4) ** (level - 1)
        below = [self._indirect(where, level - 1, logical + at * step, last) for at in range(BLOCK // 4)]
        self.blocks.append(struct.pack(f"<{BLOCK // 4}I", *below))
        return len(self.blocks) - 1


def ext(files: Files, **more: object) -> bytes:
    """A filesystem with these files."""
    return Ext(files, **more).build()  # type: ignore[arg-type]


def disk(*partitions: bytes) -> bytes:
    """A disk with an MBR and these partitions, four at most."""
    out, entries = bytearray(64 * 512), b""
    for data in partitions:
        count = -(-len(data) // 512)
        entries += struct.pack("<BBHBBHII", 0, 0, 0, 0x83, 0, 0, len(out) // 512, count)
        out += data.ljust(count * 512, b"\0")
    out[446 : 446 + len(entries)] = entries
    out[510:512] = b"\x55\xaa"
    return bytes(out)
