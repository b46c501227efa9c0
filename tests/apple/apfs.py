"""Writes APFS containers: checkpoints, object maps, volumes with trees of as many levels as they need."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import accumulate

from tests.apple.hfs import Mode, Packed, packed_parts
from tests.images import Link

BLOCK = 4096
_M = 0xFFFFFFFF
_OMAP, _TREE, _FS, _OMAP_OBJECT, _CONTAINER, _VOLUME = 0xB, 2, 0xE, 0xB, 1, 0xD
_PHYSICAL = 0x40000000
ROOT = 2
INODE, ATTRIBUTE, DSTREAM, EXTENT, NAME = 3, 4, 6, 8, 9
_KINDS = {0o04: 4, 0o10: 8, 0o12: 10}

Record = tuple[bytes, bytes]


def sealed(body: bytes, oid: int, xid: int, type_: int, subtype: int = 0) -> bytes:
    """An object of one block with its head and checksum; ``body`` begins behind the head."""
    block = struct.pack("<QQII", oid, xid, type_, subtype) + body
    block = block.ljust(BLOCK - 8, b"\0")[: BLOCK - 8]
    words = struct.unpack(f"<{len(block) // 4}I", block)
    first, second = sum(words) % _M, sum(accumulate(words)) % _M
    low = _M - (first + second) % _M
    high = _M - (first + low) % _M
    return struct.pack("<II", low, high) + block


def resealed(block: bytes) -> bytes:
    """The same block with a checksum that is right."""
    oid, xid, type_, subtype = struct.unpack_from("<QQII", block, 8)
    return sealed(block[32:], oid, xid, type_, subtype)


def node_body(
    records: Sequence[Record],
    *,
    level: int,
    root: bool,
    fixed: bool,
    count: int = 0,
    nodes: int = 1,
    physical: bool = True,
) -> bytes:
    """A node from behind its head."""
    flags = (1 if root else 0) | (2 if level == 0 else 0) | (4 if fixed else 0)
    keys, values, entries = b"", b"", b""
    for key, value in records:
        values = value + values
        if fixed:
            entries += struct.pack("<HH", len(keys), len(values))
        else:
            entries += struct.pack("<HHHH", len(keys), len(key), len(values), len(value))
        keys += key
    info = b""
    if root:
        sizes = (16, 16) if fixed else (0, 0)
        info = struct.pack("<IIIIIIQQ", 0x10 if physical else 0, BLOCK, *sizes, 16, 16, count, nodes)
    space = len(entries) + (-len(entries) % 8)
    room = BLOCK - 56 - space - len(info) - len(keys) - len(values)
    assert room >= 0, "node is full"
    head = struct.pack("<HHIHHHHHHHH", flags, level, len(records), 0, space, len(keys), room, 0xFFFF, 0, 0xFFFF, 0)
    return head + entries.ljust(space, b"\0") + keys + bytes(room) + values + info


class Container:
    """A container in the making: blocks handed out one after another."""

    def __init__(self, *, xid: int = 5) -> None:
        self.xid = xid
        self.blocks: list[bytes] = [bytes(BLOCK) for _ in range(12)]
        self.oids = 2000
        self.volumes: list[tuple[int, int]] = []

    def put(self, data: bytes) -> int:
        start = len(self.blocks)
        self.blocks += [data[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, len(data), BLOCK)]
        return start

    def oid(self) -> int:
        self.oids += 1
        return self.oids

    def tree(
        self, records: Sequence[Record], *, fixed: bool, subtype: int, virtual: list[Record] | None = None, per: int = 0
    ) -> int:
        """A B-tree; returns its root's number. Nodes below the root get numbers in ``virtual`` when that is given."""
        level, nodes = 0, 1
        current = list(records)
        while True:
            groups = _groups(current, fixed=fixed and level == 0, per=per)
            root = len(groups) <= 1
            above = []
            for group in groups or [[]]:
                body = node_body(
                    group,
                    level=level,
                    root=root,
                    fixed=fixed,
                    count=len(records),
                    nodes=nodes,
                    physical=virtual is None,
                )
                above.append(
                    (
                        group[0][0] if group else b"",
                        struct.pack("<Q", self._node(body, root=root, subtype=subtype, virtual=virtual)),
                    )
                )
            if root:
                return int(struct.unpack("<Q", above[0][1])[0])
            current, level, nodes = above, level + 1, nodes + len(groups)

    def _node(self, body: bytes, *, root: bool, subtype: int, virtual: list[Record] | None) -> int:
        type_ = _TREE if root else 3
        number = len(self.blocks)
        if virtual is None:
            self.put(sealed(body, number, self.xid, type_ | _PHYSICAL, subtype))
            return number
        oid = self.oid()
        self.put(sealed(body, oid, self.xid, type_, subtype))
        virtual.append((struct.pack("<QQ", oid, self.xid), struct.pack("<IIQ", 0, BLOCK, number)))
        return oid

    def omap(self, records: Sequence[Record]) -> int:
        root = self.tree(sorted(records, key=lambda one: struct.unpack("<QQ", one[0])), fixed=True, subtype=_OMAP)
        number = len(self.blocks)
        body = struct.pack("<IIIIQQQQQ", 0, 0, _TREE | _PHYSICAL, _TREE | _PHYSICAL, root, 0, 0, 0, 0)
        self.put(sealed(body, number, self.xid, _OMAP_OBJECT | _PHYSICAL))
        return number

    def volume(self, files: Mapping[str, object], **more: object) -> Volume:
        made = Volume(self, **more)  # type: ignore[arg-type]
        for path, content in files.items():
            made.add(path, content)
        self.volumes.append((self.oid(), made.write()))
        return made

    def superblock(self, xid: int, objects: int, volumes: Sequence[int]) -> bytes:
        body = b"NXSB" + struct.pack(
            "<IQQQQ16sQQ", BLOCK, len(self.blocks), 0, 0, 2, b"container-uuid--", 5000, xid + 1
        )
        body += struct.pack("<IIqqIIIIII", 8, 0, 1, 0, 0, 0, 0, 2, 0, 0)
        body += struct.pack("<QQQII", 0, objects, 0, 0, 100) + struct.pack(f"<{len(volumes)}Q", *volumes)
        return sealed(body, 1, xid, _CONTAINER | 0x80000000)

    def write(self) -> bytes:
        """The container: an old superblock at the front, the newest among the checkpoints, a torn one behind it."""
        rows = [
            (struct.pack("<QQ", oid, self.xid), struct.pack("<IIQ", 0, BLOCK, block)) for oid, block in self.volumes
        ]
        objects = self.omap(rows)
        empty = self.omap([])
        self.blocks[0] = self.superblock(self.xid - 2, empty, [])
        self.blocks[2] = self.superblock(self.xid - 1, empty, [])
        self.blocks[4] = self.superblock(self.xid, objects, [oid for oid, _ in self.volumes])
        torn = bytearray(self.superblock(self.xid + 1, empty, []))
        torn[2000] ^= 1
        self.blocks[6] = bytes(torn)
        return b"".join(self.blocks)


def _groups(records: Sequence[Record], *, fixed: bool, per: int) -> list[list[Record]]:
    groups: list[list[Record]] = []
    room = -1
    for key, value in records:
        size = len(key) + len(value) + (4 if fixed else 8)
        if size > room or (per and len(groups[-1]) >= per):
            groups.append([])
            room = BLOCK - 56 - 40 - 8
        groups[-1].append((key, value))
        room -= size
    return groups


class Volume:
    """A volume in the making."""

    def __init__(
        self,
        container: Container,
        *,
        name: str = "Test",
        hashed: bool = True,
        torn: bool = False,
        encrypted: bool = False,
        seal: bool = False,
        per: int = 0,
    ) -> None:
        self.container = container
        self.name = name
        self.hashed = hashed
        self.torn = torn
        self.encrypted = encrypted
        self.seal = seal
        self.per = per
        self.records: list[tuple[tuple[object, ...], Record]] = []
        self.extents: list[Record] = []
        self.next = 15
        self.folders = {"": ROOT}
        self.files: dict[str, int] = {}
        self.inode(ROOT, 1, 0o40755)
        self.name_record(1, "root", ROOT, 4)
        self.inode(3, 1, 0o40755)
        self.name_record(1, "private-dir", 3, 4)

    def record(self, number: int, kind: int, rest: bytes, value: bytes, order: object = 0) -> None:
        self.records.append(((number, kind, order), (struct.pack("<Q", number | kind << 60) + rest, value)))

    def name_record(self, parent: int, name: str, number: int, kind: int) -> None:
        text = name.encode() + b"\0"
        digest = (sum(text) * 2654435761) & 0x3FFFFF
        rest = struct.pack("<I", len(text) | digest << 10) if self.hashed else struct.pack("<H", len(text))
        order = (digest << 10 | len(text), text) if self.hashed else (0, text)
        self.record(parent, NAME, rest + text, struct.pack("<QQH", number, 0, kind), order)

    def inode(self, number: int, parent: int, mode: int, *, size: int | None = None, flags: int = 0) -> None:
        value = struct.pack("<QQQQQQQiIIIIIHHQ", parent, number, 0, 0, 0, 0, 0, 1, 0, 0, flags, 0, 0, mode, 0, 0)
        if size is not None:
            # a name before the stream: fields are aligned to eight bytes
            value += struct.pack("<HH", 2, 48) + struct.pack("<BBHBBH", 4, 0, 3, 8, 0, 40) + b"ab\0".ljust(8, b"\0")
            value += struct.pack("<QQQQQ", size, size + -size % BLOCK, 0, 0, 0)
        self.record(number, INODE, b"", value)

    def attribute(self, number: int, name: str, data: bytes) -> None:
        text = name.encode() + b"\0"
        if len(data) <= 3000:
            value = struct.pack("<HH", 2, len(data)) + data
        else:
            private = self.number()
            self.stream(private, data)
            value = struct.pack("<HHQQQQQQ", 1, 48, private, len(data), len(data) + -len(data) % BLOCK, 0, 0, 0)
        self.record(number, ATTRIBUTE, struct.pack("<H", len(text)) + text, value, name.encode())

    def stream(self, number: int, data: bytes) -> None:
        """The bytes of a file: in one extent, or torn into many with a hole for blocks of zeros."""
        step = BLOCK if self.torn else max(len(data), 1)
        for at in range(0, len(data), step):
            piece = data[at : at + step]
            length = len(piece) + -len(piece) % BLOCK
            hole = self.torn and not any(piece)
            block = 0 if hole else self.container.put(piece)
            if self.torn and not hole:
                self.container.put(b"\xee" * BLOCK)
            value = struct.pack("<QQ", length, block)
            if self.seal:
                self.extents.append((struct.pack("<QQ", number, at), value))
            elif not hole or at % (2 * BLOCK):
                # some holes are told, others are just not there
                self.record(number, EXTENT, struct.pack("<Q", at), value + bytes(8), at)

    def number(self) -> int:
        self.next += 1
        return self.next

    def folder(self, path: str) -> int:
        if path not in self.folders:
            above, _, name = path.rpartition("/")
            parent = self.folder(above)
            self.folders[path] = number = self.number()
            self.inode(number, parent, 0o40755)
            self.name_record(parent, name, number, 4)
        return self.folders[path]

    def add(self, path: str, content: object) -> None:
        above, _, name = path.rpartition("/")
        if content is None:
            self.folder(path)
            return
        parent = self.folder(above)
        match content:
            case Link(target=target, hard=True):
                self.name_record(parent, name, self.files[target], 8)
            case Link(target=target):
                number = self.number()
                self.inode(number, parent, 0o120755)
                self.name_record(parent, name, number, 10)
                self.attribute(number, "com.apple.fs.symlink", target.encode() + b"\0")
            case Packed():
                head, resource = packed_parts(content)
                number = self.file(parent, name, b"", flags=0x20)
                self.attribute(number, "com.apple.decmpfs", head)
                self.attribute(number, "com.apple.quarantine", b"0081")
                if resource:
                    self.attribute(number, "com.apple.ResourceFork", resource.ljust(3001, b"\0"))
            case Mode(data=data, mode=mode):
                self.file(parent, name, data, mode=0o100000 | mode)
            case bytes():
                self.files[path] = self.file(parent, name, content)
            case _:
                raise TypeError(content)

    def file(self, parent: int, name: str, data: bytes, *, mode: int = 0o100644, flags: int = 0) -> int:
        number = self.number()
        self.inode(number, parent, mode, size=len(data) if data else None, flags=flags)
        self.name_record(parent, name, number, 8)
        self.stream(number, data)
        return number

    def write(self) -> int:
        """The volume's objects; returns the block of its superblock."""
        made = self.container
        rows: list[Record] = []
        ordered = [
            record
            for _, record in sorted(
                self.records, key=lambda one: (one[0][0], one[0][1], str(type(one[0][2])), one[0][2])
            )
        ]
        root = made.tree(ordered, fixed=False, subtype=_FS, virtual=rows, per=self.per)
        # an older state of the root, and one to come: neither counts
        oldest = [(struct.pack("<QQ", root, xid), struct.pack("<IIQ", 0, BLOCK, 1)) for xid in (1, made.xid + 9)]
        objects = made.omap([*rows, *oldest])
        fext = (
            made.tree(sorted(self.extents, key=lambda one: struct.unpack("<QQ", one[0])), fixed=True, subtype=0x1F)
            if self.seal
            else 0
        )
        features = (1 if self.hashed else 0) | (0x20 if self.seal else 0)
        body = b"APSB" + struct.pack("<IQQQQQQQ", 0, 0, 0, features, 0, 0, 0, 10) + bytes(20)
        body += struct.pack("<III", 2, 0x40000002, 0x40000002) + struct.pack("<QQQQQQ", objects, root, 0, 0, 0, 0)
        body += (
            struct.pack("<QQQQQQQQ", self.next + 1, 1, 1, 0, 0, 0, 0, 0) + b"volume-uuid-----" + struct.pack("<Q", 0)
        )
        body += struct.pack("<Q", 0 if self.encrypted else 1) + bytes(48 * 9)
        body += self.name.encode().ljust(256, b"\0")
        body = body.ljust(1032 - 32, b"\0") + struct.pack("<QI", fext, 0x4000001F)
        return made.put(sealed(body, made.oids + 1, made.xid, _VOLUME))


def container(files: Mapping[str, object], **more: object) -> bytes:
    """A container with one volume of these files."""
    made = Container()
    made.volume(files, **more)
    return made.write()
