"""A million entries in every archive and filesystem that can hold them: walked in seconds, and in little memory.

Where a format lets many folders share one listing, a thousand of them share one of a thousand names.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from surveyor.scan.limits import Limits
from tests import discs, exts, squash, udfs
from tests.apple import apfs, hfs, xar
from tests.cpios import TRAILER, newc
from tests.hostile.test_artifact_memory import header, run
from tests.hostile.test_loops import BESIDE, GOOD, TREES
from tests.images import Files, Oci, npm, purls, scan_bytes, tar, troubles

MANY = 1_000_000
SIDE = 1_000
NAMES: Files = {f"all/n{number:04}": b"" for number in range(SIDE - 1)}
FOLDERS = [f"d{number:04}" for number in range(SIDE - 1)]
#: The listing that is shared comes first, and the package last.
SHARED: Files = {
    **NAMES,
    **{f"{folder}/x": b"" for folder in FOLDERS},
    **{f"z/{name}": one for name, one in BESIDE.items()},
}
Change = Callable[[bytes], bytes]


def packed(parts: Iterator[bytes]) -> bytes:
    out = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join(out.compress(part) for part in parts) + out.flush()


def tar_headers() -> Iterator[bytes]:
    whole = header("n0000000", 0, b"0")
    front, between, behind = whole[:1], whole[8:148], whole[156:]
    total = sum(front + between + behind) + 8 * ord(" ")
    for number in range(MANY):
        name = b"%07d" % number
        yield front + name + between + b"%06o\0 " % (total + sum(name)) + behind
    yield tar(BESIDE)


def image() -> bytes:
    return Oci().add([packed(tar_headers())]).tar()


def cpio_entries() -> Iterator[bytes]:
    yield newc(b"node_modules/good/package.json", npm("good", "1"))
    front = newc(b"n0000000")[:110]
    for number in range(MANY):
        yield front + b"n%07d\0\0" % number
    yield newc(TRAILER.encode())


def cpio() -> bytes:
    return packed(cpio_entries())


def zipped() -> bytes:
    name, data = b"node_modules/good/package.json", npm("good", "1")
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, len(data), len(data), len(name), 0) + name + data
    front = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, *[0] * 6)
    first = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, len(data), len(data), len(name), *[0] * 6)
    central = first + name + b"".join(front + b"n%07d" % number for number in range(MANY))
    count = (MANY + 1) & 0xFFFF  # as writers without zip64 have it
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(central), len(local), 0)


class Disc(discs.Iso):
    """A disc whose folder ``all`` has a million files."""

    def _lay(self, use: object, named: object) -> bytes:
        per = discs.SECTOR // len(discs.record(b"N0000000", 0, 0, 0))
        front, behind = discs.record(b"N0000000", 0, 0, 0)[:34], b"\0"
        records = (front + b"%07d" % number + behind for number in range(MANY))
        listing = b"".join(discs.padded(b"".join(next(records, b"") for _ in range(per))) for _ in range(0, MANY, per))
        place = self.put(listing)
        kept, discs.record = discs.record, self._recorded(place, len(listing))  # type: ignore[assignment]
        try:
            return super()._lay(use, named)  # type: ignore[arg-type]
        finally:
            discs.record = kept

    @staticmethod
    def _recorded(place: int, size: int) -> Callable[..., bytes]:
        plain = discs.record

        def record(name: bytes, at: int, length: int, flags: int, use: bytes = b"", *, unit: int = 0) -> bytes:
            where = (place, size) if name == b"ALL" else (at, length)
            return plain(name, *where, flags, use, unit=unit)

        return record


def iso() -> bytes:
    return Disc({"all/x": b"", **BESIDE}, rockridge=False).build()


def ext() -> bytes:
    def shared(inode: bytes) -> bytes:
        other = disc.tables[disc.numbers["all"]]
        return inode[:4] + other[4:8] + inode[8:32] + other[32:100] + inode[100:]

    disc = exts.Ext(SHARED, inodes=dict.fromkeys(FOLDERS, shared))
    return disc.build()


def capturing(key: str, change: Callable[[bytes, bytes], bytes]) -> dict[str, Change]:
    """Changes of inodes that make all folders what the first one is."""
    first: list[bytes] = []

    def keep(inode: bytes) -> bytes:
        first.append(inode)
        return inode

    return {key: keep, **dict.fromkeys(FOLDERS, lambda inode: change(inode, first[0]))}


def squashfs() -> bytes:
    # block, links, size and offset of the listing stand behind the sixteen bytes that are the folder's own
    return squash.squashfs(SHARED, inodes=capturing("all", lambda own, first: own[:16] + first[16:28] + own[28:]))


def udf() -> bytes:
    return udfs.udf(SHARED, icbs=capturing("all", lambda _own, first: first))


def apfs_container() -> bytes:
    made = apfs.Container()
    volume = apfs.Volume(made)
    volume.add("node_modules/good/package.json", npm("good", "1"))
    number = volume.file(volume.folder("all"), "x", b"")
    for at in range(MANY):
        volume.name_record(volume.folders["all"], f"n{at:07}", number, 8)
    made.volumes.append((made.oid(), volume.write()))
    return made.write()


def hfs_plus() -> bytes:
    return hfs.volume({**{f"all/n{number:07}": b"" for number in range(MANY // 5)}, **BESIDE})


CASES: dict[str, tuple[Callable[[], bytes], int]] = {
    "tar": (image, MANY),
    "cpio": (cpio, MANY),
    "zip": (zipped, MANY),
    "iso": (iso, MANY),
    "ext": (ext, MANY),
    "squashfs": (squashfs, MANY),
    "udf": (udf, MANY),
    "apfs": (apfs_container, MANY),
    # each has a record of 248 bytes, and writing them takes longer than walking
    "hfs": (hfs_plus, MANY // 5),
}


#: What lists all it has in one table is refused by that; the writer of the last one has no folders so large.
TABLED = {"a.zip", "a.xar", "a.squashfs"}


@pytest.mark.parametrize("name", sorted(TREES.keys() - TABLED))
def test_what_comes_before_the_bound_stays(tmp_path: Path, name: str) -> None:
    files: Files = {**BESIDE, **{f"z{at % 9}/n{at:05}": b"" for at in range(9_000)}}
    report = scan_bytes(tmp_path, TREES[name](files), name, limits=Limits(entries=6_000))
    assert purls(report) == [GOOD]
    assert [entry.detail for entry in troubles(report)] == ["more than 6,000 entries"]


def test_a_xar_of_very_many_files_ends_by_their_count(tmp_path: Path) -> None:
    """Its table is one document, so that it has a bound of its own."""
    elements = "".join(f"<file><name>{number:06}</name></file>" for number in range(150_000))
    path = tmp_path / "many.xar"
    path.write_bytes(xar.seal(elements, bytes(20)))
    found = run(path)
    assert found["status"] == "failed"
    assert "more than 100,000 files" in str(found["troubles"])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_million_entries(tmp_path: Path, name: str) -> None:
    build, count = CASES[name]
    path = tmp_path / name
    path.write_bytes(build())
    found = run(path)
    assert (found["packages"], found["troubles"]) == (1, [])
    assert isinstance(found["entries"], int)
    assert found["entries"] >= count
