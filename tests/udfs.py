"""Builds UDF volumes in memory: short, long and embedded allocation, continued lists, a metadata partition or none."""

from __future__ import annotations

import struct
from binascii import crc_hqx
from collections.abc import Callable, Mapping

from tests.discs import SECTOR, Iso, Node, sectors, tree
from tests.images import Files, Link

ANCHOR = 256
SEQUENCE = ANCHOR + 1
PARTITION = 288
#: Types of files in an ICB.
FOLDER, PLAIN, SYMBOLIC, METADATA, MIRROR = 4, 5, 12, 250, 251


def tagged(kind: int, body: bytes, place: int = 0) -> bytes:
    """A descriptor with its tag (ECMA-167, 3/7.2)."""
    tag = struct.pack("<HHBBHHHI", kind, 3, 0, 0, 1, crc_hqx(body, 0), len(body), place)
    return tag[:4] + bytes([sum(tag) & 0xFF]) + tag[5:] + body


def placed(descriptor: bytes, place: int) -> bytes:
    """A descriptor that knows where it is."""
    tag = descriptor[:4] + b"\0" + descriptor[5:12] + struct.pack("<I", place)
    return tag[:4] + bytes([sum(tag) & 0xFF]) + tag[5:] + descriptor[16:]


def text(name: str) -> bytes:
    """Compressed Unicode in the fewest bytes."""
    try:
        return b"\x08" + name.encode("latin-1")
    except UnicodeEncodeError:
        return b"\x10" + name.encode("utf-16-be")


def entity(name: str) -> bytes:
    return b"\0" + name.encode().ljust(23, b"\0") + bytes(8)


def long_ad(size: int, block: int, partition: int) -> bytes:
    return struct.pack("<IIH6x", size, block, partition)


class Udf:
    """A volume in the making.

    ``form`` is how the bytes of files are found: 0 short, 1 long, 3 embedded where they fit; ``pieces`` cuts files
    into extents of so many blocks, ``continued`` lists them in a block of their own; ``icbs`` changes the bytes of an
    ICB by the file's name.
    """

    def __init__(
        self,
        files: Files,
        *,
        form: int = 0,
        pieces: int = 0,
        continued: bool = False,
        extended: bool = False,
        metadata: bool = False,
        iso: Files | None = None,
        icbs: Mapping[str, Callable[[bytes], bytes]] | None = None,
        map_name: str = "*UDF Metadata Partition",
    ) -> None:
        self.root = tree(files)
        self.form = 1 if metadata and form == 0 else form
        self.pieces = pieces
        self.continued = continued
        self.extended = extended
        self.metadata = metadata
        self.iso = iso
        self.icbs = icbs or {}
        self.map_name = map_name
        self.data: list[bytes] = [b"", b""] if metadata else []
        self.structures: list[bytes] = [] if metadata else self.data
        self.blocks: dict[str, int] = {}

    def build(self) -> bytes:
        first = self._take(self.structures)
        self._node(self.root, self.root)
        root = long_ad(SECTOR, self.root.place, self._own)
        levels = struct.pack("<HHII", 3, 3, 1, 1)
        domain = entity("*OSTA UDF Compliant")
        files = tagged(256, bytes(12) + levels + bytes(360) + root + domain + bytes(64))
        self.structures[first] = placed(files, first)
        if self.metadata:
            self._spread()
        out = bytearray(Iso(self.iso).build() if self.iso is not None else bytes(16 * SECTOR))
        at = 18 if self.iso is not None else 16
        for number, name in enumerate((b"BEA01", b"NSR03", b"TEA01")):
            start = (at + number) * SECTOR
            out[start : start + SECTOR] = (b"\0" + name + b"\x01").ljust(SECTOR, b"\0")
        assert len(out) <= ANCHOR * SECTOR
        out += bytes(ANCHOR * SECTOR - len(out))
        extent = struct.pack("<II", 16 * SECTOR, SEQUENCE)
        primary = tagged(1, struct.pack("<II", 0, 0) + bytes(512 - 24))
        end = tagged(8, bytes(512 - 16))
        sequence = [tagged(2, extent + extent + bytes(480)), primary, self._partition(), self._logical(), end]
        out += b"".join(placed(one, ANCHOR + at).ljust(SECTOR, b"\0") for at, one in enumerate(sequence))
        out += bytes(PARTITION * SECTOR - len(out))
        out += b"".join(block.ljust(SECTOR, b"\0") for block in self.data)
        return bytes(out)

    @property
    def _own(self) -> int:
        """The partition that structures are in."""
        return 1 if self.metadata else 0

    def _partition(self) -> bytes:
        body = struct.pack("<IHH", 1, 1, 7) + entity("+NSR03") + bytes(128) + struct.pack("<II", 1, PARTITION)
        return tagged(5, body + struct.pack("<I", len(self.data)) + bytes(512 - 196))

    def _logical(self) -> bytes:
        maps = struct.pack("<BBHH", 1, 6, 1, 7)
        if self.metadata:
            maps += struct.pack("<BBH", 2, 64, 0) + entity(self.map_name)
            maps += struct.pack("<HHIIIIHB", 1, 7, 0, 1, 0xFFFFFFFF, 32, 1, 0) + bytes(5)
        label = text("SURVEYOR")
        body = struct.pack("<I", 2) + bytes(64) + label.ljust(127, b"\0") + bytes([len(label)])
        body += struct.pack("<I", SECTOR) + entity("*OSTA UDF Compliant") + long_ad(SECTOR, 0, self._own)
        body += struct.pack("<II", len(maps), 2 if self.metadata else 1) + entity("*test") + bytes(128 + 8) + maps
        return tagged(6, body)

    def _take(self, where: list[bytes]) -> int:
        where.append(b"")
        return len(where) - 1

    def _put(self, data: bytes) -> int:
        """Blocks of bytes in the partition; where they begin."""
        place = len(self.data)
        self.data += [data[at : at + SECTOR] for at in range(0, len(data), SECTOR)]
        return place

    def _node(self, node: Node, parent: Node) -> None:
        node.place = self._take(self.structures)
        self.blocks[node.name] = node.place
        if node.content is None:
            listing = self._name("", parent.place, 0x0A)
            for child in node.children.values():
                self._node(child, node)
                listing += self._name(child.name, child.place, 2 if child.content is None else 0)
            icb = self._icb(FOLDER, listing)
        elif isinstance(node.content, Link):
            icb = self._icb(SYMBOLIC, components(node.content.target))
        else:
            icb = self._icb(PLAIN, node.content)
        self.structures[node.place] = placed(self.icbs.get(node.name, lambda same: same)(icb), node.place)

    def _name(self, name: str, block: int, flags: int) -> bytes:
        written = text(name) if name else b""
        body = struct.pack("<HBB", 1, flags, len(written)) + long_ad(SECTOR, block, self._own) + b"\0\0" + written
        body += bytes(-(16 + len(body)) % 4)
        return tagged(257, body)

    def _icb(self, kind: int, content: bytes) -> bytes:
        if self.form == 3 and len(content) <= 1500:
            return icb(kind, len(content), 3, content, extended=self.extended)
        whole = sectors(len(content))
        step = self.pieces or max(1, whole)
        listed = b""
        for at in range(0, whole, step):
            piece = content[at * SECTOR : (at + step) * SECTOR]
            if kind == PLAIN and not any(piece):
                listed += self._ad(len(piece) | 2 << 30, 0)
            else:
                listed += self._ad(len(piece), self._put(piece))
                if self.pieces:
                    self._put(b"\xff" * SECTOR)  # so that the next piece lies apart
        if self.continued and len(listed) > 16:
            more = self._put(placed(tagged(258, struct.pack("<II", 0, len(listed)) + listed), len(self.data)))
            listed = self._ad(SECTOR | 3 << 30, more)
        return icb(kind, len(content), self._allocation, listed, extended=self.extended)

    @property
    def _allocation(self) -> int:
        return 1 if self.form == 3 else self.form

    def _ad(self, word: int, block: int) -> bytes:
        return long_ad(word, block, 0) if self._allocation else struct.pack("<II", word, block)

    def _spread(self) -> None:
        """The metadata file in two pieces, and its mirror, whose own entry is right."""
        half = len(self.structures) // 2
        pieces = []
        for part in (self.structures[:half], self.structures[half:]):
            if part:
                pieces.append((len(part) * SECTOR, len(self.data)))
                self.data += [*part, b"\xff" * SECTOR]
        listed = b"".join(struct.pack("<II", *piece) for piece in pieces)
        whole = icb(METADATA, len(self.structures) * SECTOR, 0, listed, extended=True)
        self.data[0] = placed(self.icbs.get("metadata", lambda same: same)(whole), 0)
        self.data[1] = placed(icb(MIRROR, len(self.structures) * SECTOR, 0, listed, extended=True), 1)


def icb(kind: int, size: int, form: int, listed: bytes, *, extended: bool = False) -> bytes:
    """A file entry, or an extended one (ECMA-167, 4/14.9 and 4/14.17)."""
    body = struct.pack("<IHHHBB6sH", 0, 4, 0, 1, 0, kind, bytes(6), form)
    body += struct.pack("<IIIHBBIQ", 0, 0, 0x7FFF, 1, 0, 0, 0, size)
    body += bytes(208 - 16 - len(body) if extended else 168 - 16 - len(body))
    return tagged(266 if extended else 261, body + struct.pack("<II", 0, len(listed)) + listed)


def components(target: str) -> bytes:
    out = b""
    for part in target.split("/"):
        kind = {"": 2, ".": 4, "..": 3}.get(part, 5)
        written = text(part) if kind == 5 else b""
        out += struct.pack("<BBH", kind, len(written), 0) + written
    return out


def udf(files: Files, **more: object) -> bytes:
    """A volume with these files."""
    return Udf(files, **more).build()  # type: ignore[arg-type]
