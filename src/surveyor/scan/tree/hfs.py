"""HFS Plus and HFSX volumes as trees of files, read from a device that need not be in memory.

Read by Apple's Technical Note TN1150: volume header, catalog, extents overflow, attributes, hard links ("Hard Links",
and the same for directories), symbolic links. The journal is not replayed: what it holds was not written yet.

The catalog is passed twice: files are listed below the number of their folder, and a folder may be listed after what is
in it. Names are as stored (decomposed UTF-8), a slash in one as the colon that people see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import Budget
from surveyor.scan.tree.decmpfs import ATTRIBUTE, Packed
from surveyor.scan.tree.device import Device, Part, Run, Runs, exactly
from surveyor.scan.tree.entry import Entry, Kind, Names, Tally, Wanted, readable
from surveyor.scan.tree.folders import LEADING_OUT, Folders
from surveyor.scan.tree.hfs_tree import Tree
from surveyor.scan.values import frozen

_HEADER = 1024
_SIGNATURES = (b"H+", b"HX")
_VERSIONS = (b"H+\0\4", b"HX\0\5")
_CLASSIC = b"BD"
#: Bytes and blocks of a fork, then its first eight extents: start and blocks each.
_FORK = Struct(">Q4xI16I")
_EXTENTS = Struct(">16I")
_ROOT_PARENT, _ROOT, _EXTENTS_FILE, _CATALOG_FILE, _ATTRIBUTES_FILE = 1, 2, 3, 4, 8
_FOLDER, _FILE = b"\x00\x01", b"\x00\x02"
_FILE_BYTES = 248
_DATA, _RESOURCE = 0, 0xFF
_PRIVATE = b"\0\0\0\0HFS+ Private Data"
_PRIVATE_FOLDERS = b".HFS+ Private Directory Data\r"
#: Type and creator of what stands for other files.
_HARD_LINK, _FOLDER_LINK = b"hlnkhfs+", b"fdrpMACS"
_COMPRESSED = 0x20
_INLINE_ATTRIBUTE = b"\x00\x00\x00\x10"
_OVERFLOWS = 100_000  # extents of one file


class Volume:
    """An opened volume: its catalog, and the bytes of any fork."""

    def __init__(self, device: Device, budget: Budget) -> None:
        device = _unwrapped(device)
        head = exactly(device, _HEADER, 512, "the volume header")
        if bytes(head[:2]) not in _SIGNATURES:
            raise Malformed("no HFS Plus volume")
        self._device = device
        self.budget = budget
        self._block = int.from_bytes(head[40:44], "big")
        if not 512 <= self._block <= 1 << 26 or self._block & (self._block - 1):
            raise Malformed(f"HFS Plus volume with blocks of {self._block:,} bytes")
        self._overflow: Tree | None = None
        extents = self.fork(head[192:272], _EXTENTS_FILE, _DATA)
        if len(extents):
            self._overflow = Tree(extents, budget, "the extents file")
        self.catalog = Tree(self.fork(head[272:352], _CATALOG_FILE, _DATA), budget, "the catalog")
        attributes = self.fork(head[352:432], _ATTRIBUTES_FILE, _DATA)
        self._attributes = Tree(attributes, budget, "the attributes file") if len(attributes) else None

    @property
    def name(self) -> str | None:
        """What the volume is called: the name of its root, which is the first record of the catalog."""
        for key, _ in next(self.catalog.leaves(), []):
            return readable(_name(key)) if int.from_bytes(key[:4], "big") == _ROOT_PARENT else None
        return None

    def fork(self, record: memoryview, number: int, which: int) -> Runs:
        """The bytes of a fork by its record of 80 bytes."""
        size, blocks, *extents = _FORK.unpack_from(record)
        if size > blocks * self._block:
            raise Malformed("file has more bytes than blocks")
        runs: list[Run] = []
        covered = self._take(extents, runs)
        while covered < blocks and size > covered * self._block:
            more = self._take(self._more(number, which, covered), runs)
            covered += more
            if not more or len(runs) > _OVERFLOWS:
                raise Malformed("file has extents that are missing, or without end")
        return Runs(self._device, runs, size, self.budget)

    def _take(self, extents: list[int], runs: list[Run]) -> int:
        """Add extents to the runs; returns how many blocks they are."""
        total = 0
        for start, count in zip(extents[::2], extents[1::2], strict=True):
            if not count:
                break
            total += count
            runs.append((start * self._block, count * self._block))
        return total

    def _more(self, number: int, which: int, covered: int) -> list[int]:
        if self._overflow is None:
            return []
        wanted = bytes([which, 0]) + number.to_bytes(4, "big") + covered.to_bytes(4, "big")
        order = _extent_order(wanted)
        for key, data in self._overflow.find(lambda key: _extent_order(key) <= order):
            if bytes(key[:10]) == wanted and len(data) >= _EXTENTS.size:
                return list(_EXTENTS.unpack_from(data))
        return []

    def packed(self, number: int, resource: Device) -> Packed:
        """The file of this number as compressed by its attribute."""
        if self._attributes is None:
            raise Malformed("compressed file on a volume without attributes")
        wanted = number, ATTRIBUTE.encode("utf-16-be"), 0
        for key, data in self._attributes.find(lambda key: _attribute_order(key) <= wanted):
            if _attribute_order(key) == wanted:
                if bytes(data[:4]) != _INLINE_ATTRIBUTE:
                    raise Unsupported("compressed file keeps its attribute outside the attributes file")
                size = int.from_bytes(data[12:16], "big")
                return Packed(data[16 : 16 + size], resource, self.budget)
        raise Malformed("compressed file has no attribute that says how")

    def link(self, folder: int, number: int) -> memoryview:
        """The record of the file that hard links of this number share."""
        wanted = folder, b"inode%d" % number
        for key, data in self.catalog.find(lambda key: _catalog_order(key) <= wanted):
            if _catalog_order(key) == wanted and data[:2] == _FILE and len(data) >= _FILE_BYTES:
                return data
        raise Malformed("hard link to a file that is not there")


def _unwrapped(device: Device) -> Device:
    """The volume itself where it lies in one of the classic form (TN1150, "HFS Wrapper")."""
    head = device.read(_HEADER, 162)
    if len(head) < 162 or head[:2] != _CLASSIC:
        return device
    block, first = int.from_bytes(head[20:24], "big"), int.from_bytes(head[28:30], "big")
    if bytes(head[124:126]) not in _SIGNATURES:
        raise Unsupported("classic HFS volumes, from before Mac OS 8.1, are not read")
    start, count = int.from_bytes(head[126:128], "big"), int.from_bytes(head[128:130], "big")
    return Part(device, first * 512 + start * block, count * block)


def _extent_order(key: memoryview | bytes) -> tuple[bytes, int, bytes]:
    """Extents are in the order of file, fork, first block."""
    return bytes(key[2:6]), key[0] if len(key) else 0, bytes(key[6:10])


def _attribute_order(key: memoryview) -> tuple[int, bytes, int]:
    """Attributes are in the order of file, name, first block."""
    size = 2 * int.from_bytes(key[10:12], "big")
    return int.from_bytes(key[2:6], "big"), bytes(key[12 : 12 + size]), int.from_bytes(key[6:10], "big")


def _catalog_order(key: memoryview) -> tuple[int, bytes]:
    """Names are in the order of folder and name; only names of ASCII are looked for, so case is folded as there."""
    return int.from_bytes(key[:4], "big"), _name(key).lower()


def _name(key: memoryview) -> bytes:
    """The name in a key of the catalog."""
    size = 2 * (key[4] << 8 | key[5]) if len(key) > 5 else 0
    text = str(key[6 : 6 + size], "utf-16-be", "replace")
    # what people see as a colon is stored as a slash, which no name can hold elsewhere
    return text.replace("/", ":").encode("utf-8", "replace")


def recognizes(device: Device) -> bool:
    """Whether a volume of any HFS kind begins here: its two letters stand in many a file, and do not suffice."""
    head = bytes(device.read(_HEADER, 64))
    if head[:2] in _SIGNATURES:
        return head[:4] in _VERSIONS
    # classic volumes have blocks of whole sectors, and a name
    block, name = int.from_bytes(head[20:24], "big"), head[36:37]
    return head[:2] == _CLASSIC and block > 0 and block % 512 == 0 and b"\1" <= name <= b"\x1b"


@frozen
class HfsLayer:
    """The files of an HFS Plus volume."""

    volume: Volume
    place: str | None = None
    digest: str | None = None
    form: str = field(default="hfs+")

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> HfsWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return HfsWalk(self.volume, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """A volume says itself what is in it."""
        return True


class HfsWalk:
    """Two passes over the catalog, the first for the folders."""

    def __init__(self, volume: Volume, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._volume = volume
        self._wanted = wanted
        self._budget = budget
        self._private = self._private_folders = 0
        self._folders = Folders(_ROOT)

    def __iter__(self) -> Iterator[Entry]:
        self._gather()
        parent, folder = -1, b""
        skipped = {self._private, self._private_folders} - {0}
        match, programs = self._wanted.match, self._wanted.programs
        for records in self._volume.catalog.leaves():
            for key, data in records:
                if data[:2] != _FILE:
                    continue
                self._budget.entry()
                self.entries += 1
                number = int.from_bytes(key[:4], "big")
                if number in skipped or len(data) < _FILE_BYTES:
                    continue
                if number != parent:
                    parent, folder = number, self._folders.path(number, self)
                last = _name(key)
                name = folder + last
                if last in LEADING_OUT:
                    self.climbing.add(name)
                    continue
                named = match(name, len(folder)) is not None
                # what a hard link leads to has the mode that counts
                asked = named or (programs and (data[43] & 0o111 != 0 or data[48:56] == _HARD_LINK))
                if asked and (found := self._looked_at(name, data, named=named)):
                    yield found

    def _looked_at(self, name: bytes, data: memoryview, *, named: bool) -> Entry | None:
        try:
            return self._entry(name, data, named=named)
        except (Malformed, Unsupported, LimitExceeded) as error:
            self._budget.check_time()  # what one file takes too much of, another may not
            self.closed.add(name, str(error))
            return None

    def _gather(self) -> None:
        """The names of all folders, and where the files behind hard links are kept."""
        links: dict[int, tuple[int, bytes]] = {}
        for records in self._volume.catalog.leaves():
            for key, data in records:
                if data[:2] == _FOLDER and len(data) >= 12:
                    self._budget.entry()
                    self.entries += 1
                    self._folder(int.from_bytes(data[8:12], "big"), int.from_bytes(key[:4], "big"), _name(key))
                elif data[48:56] == _FOLDER_LINK and data[:2] == _FILE:
                    links[int.from_bytes(data[44:48], "big")] = int.from_bytes(key[:4], "big"), _name(key)
        for number, (parent, name) in links.items():
            # a directory with several names is known by the first of them
            self._folders.rename(self._private_folders, b"dir_%d" % number, parent, name)

    def _folder(self, number: int, parent: int, name: bytes) -> None:
        if parent == _ROOT and name == _PRIVATE:
            self._private = number
        elif parent == _ROOT and name == _PRIVATE_FOLDERS:
            self._private_folders = number
        self._folders.add(number, parent, name)

    def _entry(self, name: bytes, data: memoryview, *, named: bool) -> Entry | None:
        """The entry of a file that is wanted by its name, or that may be executed and begins as a program."""
        volume = self._volume
        if data[48:56] == _HARD_LINK:
            data = volume.link(self._private, int.from_bytes(data[44:48], "big"))
        number, kind = int.from_bytes(data[8:12], "big"), data[42] >> 4
        special = data[48:56] == _FOLDER_LINK or kind not in {0, 8}
        able = self._wanted.programs and not special and data[43] & 0o111 != 0
        if not (named or able):
            return None
        if special and kind != 10:
            return Entry(name=name, kind=Kind.OTHER, size=0)
        if kind != 10 and data[41] & _COMPRESSED:
            content = volume.packed(number, volume.fork(data[168:248], number, _RESOURCE)).content()
            return content.chosen(name, self._budget, named=named, able=able)
        fork = volume.fork(data[88:168], number, _DATA)
        if kind == 10:
            target = bytes(fork.read(0, min(len(fork), 4096)))
            return Entry(name=name, kind=Kind.SYMLINK, size=0, target=target)
        return fork.content().chosen(name, self._budget, named=named, able=able)
