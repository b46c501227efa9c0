"""Builds disc images in memory: ISO 9660 with Rock Ridge, Joliet or neither."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.images import Files, Link

SECTOR = 2048
FIRST = 24  # behind the descriptors: what the trees and files are laid out from


def both(value: int, form: str = "I") -> bytes:
    """A number in both byte orders."""
    return struct.pack(f"<{form}", value) + struct.pack(f">{form}", value)


def sectors(size: int) -> int:
    return -(-size // SECTOR)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


@dataclass
class Node:
    """A file, a link or a folder on its way to the disc; places are sectors."""

    name: str
    content: bytes | Link | None
    children: dict[str, Node] = field(default_factory=dict)
    place: int = 0
    size: int = 0
    moved_to: Node | None = None
    moved: bool = False

    def folders(self) -> Iterator[Node]:
        yield self
        for child in self.children.values():
            if child.content is None and child.moved_to is None:
                yield from child.folders()


def tree(files: Files) -> Node:
    root = Node("", None)
    for path, content in files.items():
        node = root
        *folders, last = path.split("/")
        for folder in folders:
            node = node.children.setdefault(folder, Node(folder, None))
        node.children[last] = Node(last, content)
    return root


def record(name: bytes, place: int, size: int, flags: int, use: bytes = b"", *, unit: int = 0) -> bytes:
    """A directory record (ECMA-119, 9.1)."""
    body = both(place) + both(size) + b"\x7e\x01\x01\0\0\0\0" + bytes([flags, unit, 0]) + both(1, "H")
    whole = body + bytes([len(name)]) + name + bytes(1 - len(name) % 2) + use
    whole += bytes(len(whole) % 2)
    return bytes([len(whole) + 2, 0]) + whole


def rr(kind: bytes, body: bytes) -> bytes:
    """One field of a system use area."""
    return kind + bytes([len(body) + 4, 1]) + body


def posix(mode: int) -> bytes:
    return rr(b"PX", both(mode) + both(1) + both(0) + both(0))


def link(target: str) -> bytes:
    parts = []
    for part in target.split("/"):
        flags = {"": 8, ".": 2, "..": 4}.get(part, 0)
        text = b"" if flags else part.encode()
        parts.append(bytes([flags, len(text)]) + text)
    return rr(b"SL", b"\0" + b"".join(parts))


def name_fields(name: bytes) -> bytes:
    return b"".join(
        rr(b"NM", bytes([1 if len(name) > at + 200 else 0]) + name[at : at + 200]) for at in range(0, len(name), 200)
    )


def descriptor(kind: int, root: bytes, *, label: bytes = b"DISC", total: int = 0, escape: bytes = b"") -> bytes:
    """A volume descriptor (ECMA-119, 8.4)."""
    out = bytearray(SECTOR)
    out[:7] = bytes([kind]) + b"CD001\x01"
    out[40:72] = label.ljust(32)
    out[80:88] = both(total)
    out[88 : 88 + len(escape)] = escape
    out[120:124], out[124:128], out[128:132] = both(1, "H"), both(1, "H"), both(SECTOR, "H")
    out[140:144], out[148:152] = struct.pack("<I", FIRST - 1), struct.pack(">I", FIRST - 1)
    out[156 : 156 + len(root)] = root
    out[881] = 1
    return bytes(out)


END = (b"\xffCD001\x01").ljust(SECTOR, b"\0")


class Iso:
    """A disc in the making. ``extents`` cuts every file's record into parts of so many sectors."""

    def __init__(
        self,
        files: Files,
        *,
        rockridge: bool = True,
        joliet: bool = False,
        relocate: tuple[str, ...] = (),
        extents: int = 0,
        skip: int = 0,
        raw: Mapping[str, bytes] | None = None,
    ) -> None:
        self.root = tree(files)
        self.rockridge = rockridge
        self.joliet = joliet
        self.extents = extents
        self.skip = skip
        self.raw = raw or {}
        self.body: dict[int, bytes] = {}
        self.next = FIRST
        self.continued = bytearray()
        for path in relocate:
            self._relocate(path)

    def build(self) -> bytes:
        """Lay everything out and write it."""
        for folder in self.root.folders():
            for child in folder.children.values():
                if isinstance(child.content, bytes):
                    child.size = len(child.content)
                    child.place = self.put(child.content)
        self.area = self.take(64)
        primary = self._lay(self._use if self.rockridge else lambda _n, _s: b"", self._plain)
        self.body[self.area] = bytes(self.continued)
        trees = [descriptor(1, primary, total=self.next)]
        if self.joliet:
            root = self._lay(lambda _n, _s: b"", lambda node: node.name[:100].encode("utf-16-be"))
            trees.append(descriptor(2, root, label="DISC".encode("utf-16-be"), total=self.next, escape=b"%/E"))
        for place, data in zip(range(16, FIRST), [*trees, END], strict=False):
            self.body[place] = data
        out = bytearray(self.next * SECTOR)
        for place, data in self.body.items():
            out[place * SECTOR : place * SECTOR + len(data)] = data
        return bytes(out)

    def take(self, count: int) -> int:
        place, self.next = self.next, self.next + max(1, count)
        return place

    def put(self, data: bytes) -> int:
        place = self.take(sectors(len(data)))
        self.body[place] = data
        return place

    def _relocate(self, path: str) -> None:
        *folders, last = path.split("/")
        parent = self.root
        for folder in folders:
            parent = parent.children[folder]
        moved = parent.children[last]
        home = self.root.children.setdefault("rr_moved", Node("rr_moved", None))
        home.children[last] = moved
        moved.moved = True
        parent.children[last] = Node(last, None, moved_to=moved)

    def _lay(self, use: Callable[[Node, bool], bytes], named: Callable[[Node], bytes]) -> bytes:
        """Place every folder of one tree, then write it; returns the record of the root."""
        folders = list(self.root.folders())
        for final in (False, True):
            for folder in folders:
                parts = [record(b"\0", folder.place, folder.size, 2, use(folder, True)), record(b"\1", 0, 0, 2)]
                for child in folder.children.values():
                    parts += self._records(child, named(child), use(child, False))
                data = packed(parts)
                if not final:
                    folder.size, folder.place = len(data), self.take(sectors(len(data)))
                self.body[folder.place] = data
            if not final:
                self.continued.clear()
        return record(b"\0", self.root.place, self.root.size, 2)

    def _records(self, child: Node, name: bytes, use: bytes) -> list[bytes]:
        if child.content is None and child.moved_to is None:
            return [record(name, child.place, child.size, 2, use)]
        step = self.extents * SECTOR
        if not step or child.size <= step:
            return [record(name, child.place, child.size, 0, use)]
        starts = range(0, child.size, step)
        return [
            record(
                name,
                child.place + at // SECTOR,
                min(step, child.size - at),
                0x80 if at != starts[-1] else 0,
                use,
            )
            for at in starts
        ]

    def _plain(self, node: Node) -> bytes:
        name = node.name.upper().encode()[:60]
        return name if node.content is None and node.moved_to is None else name + b";1"

    def _use(self, node: Node, itself: bool) -> bytes:
        """The Rock Ridge fields of a record; what does not fit goes to the continuation area."""
        if itself:
            shared = rr(b"SP", b"\xbe\xef" + bytes([self.skip])) + rr(b"ER", b"\x0a\0\0\x01RRIP_1991A")
            return shared + posix(0o40755) if node is self.root else posix(0o40755)
        fields = name_fields(node.name.encode()) + self.raw.get(node.name, b"")
        if isinstance(node.content, Link):
            fields += posix(0o120777) + link(node.content.target)
        else:
            fields += posix(0o40755 if node.content is None else 0o100644)
        if node.moved_to:
            fields += rr(b"CL", both(node.moved_to.place))
        if node.moved:
            fields += rr(b"RE", b"")
        if len(fields) <= 100:
            return bytes(self.skip) + fields
        offset = len(self.continued)
        self.continued += fields
        return bytes(self.skip) + rr(b"CE", both(self.area) + both(offset) + both(len(fields)))


def packed(records: list[bytes]) -> bytes:
    """Records one after the other, none across the end of a sector."""
    out = bytearray()
    for one in records:
        if len(out) % SECTOR + len(one) > SECTOR:
            out += bytes(-len(out) % SECTOR)
        out += one
    return padded(bytes(out))


def iso(files: Files, **more: object) -> bytes:
    """A disc with these files."""
    return Iso(files, **more).build()  # type: ignore[arg-type]
