"""Writes HFS Plus volumes: a catalog of as many levels as it needs, extents that overflow, links, compressed files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.apple import lzfse
from tests.images import Link

BLOCK = 4096
_NODE = 4096
_ROOT = 2
PRIVATE = "\0\0\0\0HFS+ Private Data"
PRIVATE_FOLDERS = ".HFS+ Private Directory Data\r"

#: Bytes of a key with its length before it, and what belongs to it.
Record = tuple[bytes, bytes]


@dataclass(frozen=True)
class Packed:
    """A file kept compressed, by its type in the attribute; ``size`` what that says, when it lies."""

    data: bytes
    type: int
    size: int | None = None


@dataclass(frozen=True)
class Mode:
    """A file with another mode than 0644."""

    data: bytes
    mode: int


Content = "bytes | Link | Packed | Mode | None"


def pack_block(data: bytes, type_: int) -> bytes:
    """One block as a compressed file has it; every third byte value of the type decides how."""
    if type_ in {3, 4}:
        return zlib.compress(data)
    if type_ in {7, 8}:
        return lzfse.lzvn(data)
    if type_ in {11, 12}:
        return lzfse.lzfse(data)
    return (b"" if type_ == 1 else b"\xcc") + data


def packed_parts(file: Packed) -> tuple[bytes, bytes]:
    """The attribute of a compressed file, and its resource fork."""
    size = len(file.data) if file.size is None else file.size
    head = struct.pack("<4sIQ", b"fpmc", file.type, size)
    if file.type % 2:
        return head + pack_block(file.data, file.type), b""
    blocks = [pack_block(file.data[at : at + 65536], file.type) for at in range(0, len(file.data), 65536)]
    if file.type == 4:
        offset, rows = 4 + 8 * len(blocks), b""
        for block in blocks:
            rows += struct.pack("<II", offset, len(block))
            offset += len(block)
        body = struct.pack("<I", len(blocks)) + rows + b"".join(blocks)
        return head, struct.pack(">IIII", 256, 260 + len(body), 4 + len(body), 50).ljust(256, b"\0") + struct.pack(
            ">I", len(body)
        ) + body + bytes(50)
    offset, rows = 4 * (len(blocks) + 1), b""
    for block in blocks:
        rows += struct.pack("<I", offset)
        offset += len(block)
    return head, rows + struct.pack("<I", offset) + b"".join(blocks)


@dataclass
class _Disk:
    """Blocks handed out one after another; ``gap`` blocks stay empty behind each when files are torn apart."""

    blocks: list[bytes] = field(default_factory=list)

    def put(self, data: bytes, *, torn: bool = False) -> list[tuple[int, int]]:
        """Write bytes; returns where, as extents."""
        pieces = [data[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, len(data), BLOCK)]
        if not torn:
            start = len(self.blocks)
            self.blocks += pieces
            return [(start, len(pieces))] if pieces else []
        extents = []
        for piece in pieces:
            extents.append((len(self.blocks), 1))
            self.blocks += [piece, b"\xee" * BLOCK]
        return extents


def btree(records: Sequence[Record], *, kind: int = 0, longest: int = 516) -> bytes:
    """A B-tree file; records are in the order of their keys."""
    nodes: list[bytes] = [b""]
    level, height = list(records), 1
    first = len(nodes)
    while records:
        above: list[Record] = []
        groups = _groups(level)
        for at, group in enumerate(groups):
            number = len(nodes)
            following = number + 1 if at + 1 < len(groups) else 0
            nodes.append(node(group, kind=-1 if height == 1 else 0, height=height, following=following))
            above.append((group[0][0], struct.pack(">I", number)))
        if len(above) <= 1:
            break
        level, height = above, height + 1
    leaves = len(_groups(list(records)))
    root = len(nodes) - 1 if records else 0
    head = struct.pack(
        ">HIIIIHHIIHIBBI",
        height if records else 0,
        root,
        len(records),
        first if records else 0,
        leaves if records else 0,
        _NODE,
        longest,
        len(nodes),
        0,
        0,
        0,
        kind,
        0xCF,
        6,
    )
    nodes[0] = node(
        [(b"", head.ljust(106, b"\0")), (b"", bytes(128)), (b"", bytes(_NODE - 256))], kind=1, height=0, following=0
    )
    return b"".join(nodes)


def _groups(records: Sequence[Record]) -> list[list[Record]]:
    groups: list[list[Record]] = [[]]
    room = _NODE - 16
    for record in records:
        size = len(record[0]) + len(record[1]) + 2
        if size > room:
            groups.append([])
            room = _NODE - 16
        groups[-1].append(record)
        room -= size
    return groups


def node(records: Sequence[Record], *, kind: int, height: int, following: int) -> bytes:
    """One node."""
    body, offsets = b"", []
    for key, data in records:
        offsets.append(14 + len(body))
        body += key + data
    offsets.append(14 + len(body))
    head = struct.pack(">IIbBHH", following, 0, kind, height, len(records), 0)
    tail = b"".join(struct.pack(">H", offset) for offset in reversed(offsets))
    return (head + body).ljust(_NODE - len(tail), b"\0") + tail


def catalog_key(parent: int, name: str) -> bytes:
    text = name.encode("utf-16-be")
    return struct.pack(">HIH", 6 + len(text), parent, len(text) // 2) + text


def fork(size: int, extents: Sequence[tuple[int, int]]) -> bytes:
    shown = [number for extent in extents[:8] for number in extent]
    return struct.pack(">QII", size, 0, sum(count for _, count in extents)) + struct.pack(
        ">16I", *shown, *[0] * (16 - len(shown))
    )


class Volume:
    """A volume in the making."""

    def __init__(self, files: Mapping[str, object], *, name: str = "Test", torn: bool = False) -> None:
        self.disk = _Disk([bytes(BLOCK)])
        self.catalog: list[tuple[tuple[int, bytes], Record]] = []
        self.extents: list[Record] = []
        self.attributes: list[tuple[int, Record]] = []
        self.torn = torn
        self.folders: dict[str, int] = {"": _ROOT}
        self.next = 16
        self.files: dict[str, Mode] = {}
        self._folder_record(1, name, _ROOT)
        self.links: dict[str, int] = {}
        for path, content in files.items():
            self._add(path, content)

    def _put(self, parent: int, name: str, data: bytes) -> None:
        self.catalog.append(((parent, name.lower().encode("utf-16-be")), (catalog_key(parent, name), data)))

    def _number(self) -> int:
        self.next += 1
        return self.next

    def _folder_record(self, parent: int, name: str, number: int) -> None:
        self._put(parent, name, struct.pack(">HHII", 1, 0, 0, number).ljust(88, b"\0"))
        self._put(number, "", struct.pack(">HHIH", 3, 0, parent, len(name)) + name.encode("utf-16-be"))

    def folder(self, path: str) -> int:
        """The number of a folder, made when it is not there."""
        if path not in self.folders:
            above, _, name = path.rpartition("/")
            parent = self.folder(above)
            self.folders[path] = number = self._number()
            self._folder_record(parent, name, number)
        return self.folders[path]

    def _add(self, path: str, content: object) -> None:
        above, _, name = path.rpartition("/")
        if content is None:
            self.folder(path)
            return
        parent = self.folder(above)
        match content:
            case Link(target=target, hard=True):
                self._hard(parent, name, target)
            case Link(target=target):
                self.file(parent, name, target.encode(), mode=0o120755, kind=b"slnkrhap")
            case Packed():
                attribute, resource = packed_parts(content)
                number = self.file(parent, name, b"", flags=0x20, resource=resource)
                self.attribute(number, "com.apple.decmpfs", attribute)
            case Mode(data=data, mode=mode):
                self._linkable(path, self.file(parent, name, data, mode=0o100000 | mode), content)
            case bytes():
                self._linkable(path, self.file(parent, name, content), Mode(content, 0o644))
            case _:
                raise TypeError(content)

    def _linkable(self, path: str, number: int, file: Mode) -> None:
        self.files[path] = file
        self.links[path] = number

    def _hard(self, parent: int, name: str, target: str) -> None:
        private = self.folder(PRIVATE)
        number = self.links[target]
        if f"iNode{number}" not in self.files:
            file = self.files[f"iNode{number}"] = self.files[target]
            self.file(private, f"iNode{number}", file.data, mode=0o100000 | file.mode)
        self.file(parent, name, b"", kind=b"hlnkhfs+", special=number)

    def file(
        self,
        parent: int,
        name: str,
        data: bytes,
        *,
        mode: int = 0o100644,
        kind: bytes = bytes(8),
        special: int = 1,
        flags: int = 0,
        resource: bytes = b"",
    ) -> int:
        """A file with its records; returns its number."""
        number = self._number()
        forks = []
        for which, content in ((0, data), (0xFF, resource)):
            extents = self.disk.put(content, torn=self.torn)
            forks.append(fork(len(content), extents))
            self._overflow(number, which, extents)
        record = struct.pack(">HHIIIIIII", 2, 2, 0, number, 0, 0, 0, 0, 0)
        record += struct.pack(">IIBBHI", 0, 0, 0, flags, mode, special) + kind.ljust(32, b"\0") + bytes(8)
        self._put(parent, name, record + forks[0] + forks[1])
        self._put(number, "", struct.pack(">HHIH", 4, 0, parent, len(name)) + name.encode("utf-16-be"))
        return number

    def _overflow(self, number: int, which: int, extents: Sequence[tuple[int, int]]) -> None:
        covered = sum(count for _, count in extents[:8])
        for at in range(8, len(extents), 8):
            part = extents[at : at + 8]
            flat = [value for extent in part for value in extent]
            key = struct.pack(">HBBII", 10, which, 0, number, covered)
            self.extents.append((key, struct.pack(">16I", *flat, *[0] * (16 - len(flat)))))
            covered += sum(count for _, count in part)

    def attribute(self, number: int, name: str, data: bytes) -> None:
        """An attribute kept in its tree."""
        text = name.encode("utf-16-be")
        key = struct.pack(">HHIIH", 12 + len(text), 0, number, 0, len(text) // 2) + text
        body = struct.pack(">III", 0x10, 0, 0) + struct.pack(">I", len(data)) + data
        self.attributes.append((number, (key, body + bytes(len(body) % 2))))

    def write(self, *, signature: bytes = b"H+", catalog: bytes | None = None) -> bytes:
        """The volume; ``catalog`` stands for its own."""
        tree = btree([record for _, record in sorted(self.catalog)]) if catalog is None else catalog
        overflow = btree(sorted(self.extents, key=lambda one: (one[0][4:8], one[0][2], one[0][8:12])), longest=10)
        attributes = btree([record for _, record in sorted(self.attributes)]) if self.attributes else b""
        places = [(len(part), self.disk.put(part)) for part in (overflow, tree, attributes)]
        self.disk.put(bytes(BLOCK))
        total = len(self.disk.blocks)
        head = struct.pack(">2sHI4sI", signature, 5 if signature == b"HX" else 4, 0x100, b"test", 0) + bytes(24)
        head += struct.pack(">IIII", BLOCK, total, 0, 0)
        head = head.ljust(112, b"\0") + fork(0, [])
        head += b"".join(fork(size, extents) for size, extents in places) + fork(0, [])
        out = bytearray(b"".join(self.disk.blocks))
        out[1024 : 1024 + len(head)] = head
        out[len(out) - 1024 : len(out) - 512] = head.ljust(512, b"\0")
        return bytes(out)


def volume(files: Mapping[str, object], *, name: str = "Test", torn: bool = False, signature: bytes = b"H+") -> bytes:
    """A volume with these files; ``torn`` keeps every block of a file apart from the one before."""
    return Volume(files, name=name, torn=torn).write(signature=signature)


def wrapped(inner: bytes) -> bytes:
    """The same inside a classic HFS volume, as disks were made that old systems had to know."""
    head = bytearray(BLOCK * 2)
    struct.pack_into(">2s", head, 1024, b"BD")
    struct.pack_into(">I", head, 1024 + 20, BLOCK)
    struct.pack_into(">H", head, 1024 + 28, 4)
    head[1024 + 36 : 1024 + 41] = b"\4Name"
    struct.pack_into(">2sHH", head, 1024 + 124, b"H+", 1, len(inner) // BLOCK)
    return bytes(head[: 2048 + BLOCK]) + inner
