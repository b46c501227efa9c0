"""ext filesystems made to hurt: loops in folders and block maps, lies about sizes and counts, cuts everywhere."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from surveyor.scan.errors import LimitExceeded, ScanError
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Walk
from tests.exts import Ext, ext
from tests.images import DEBIAN, Link, deb, purls, scan_bytes, troubles
from tests.unit.scan.acquire.test_disk import ALL, entries, layer_of, opened

FILES = {"a/b/deep": b"x", "etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2"), "zz": b"y"}
REST = set(FILES) - {"a/b/deep"}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"
Change = Callable[[bytes], bytes]


def walked(data: bytes, limits: Limits | None = None) -> tuple[set[str], Walk]:
    walk = layer_of(data).walk(ALL, Budget(limits or Limits()))
    return {entry.path for entry in walk}, walk


def patched(at: int, form: str, *values: int) -> Change:
    def change(inode: bytes) -> bytes:
        out = bytearray(inode)
        struct.pack_into(form, out, at, *values)
        return bytes(out)

    return change


@pytest.mark.parametrize("typed", [True, False])
def test_a_directory_that_holds_itself(typed: bool) -> None:
    disc = Ext(FILES, typed=typed)
    data = bytearray(disc.build())
    at = data.index(b"deep") - 8
    data[at : at + 4] = struct.pack("<I", disc.numbers["b"])
    data[at + 7] = 2 if typed else 0
    found, walk = walked(bytes(data))
    assert found == REST
    assert (walk.closed.paths, walk.closed.why) == (["a/b/deep"], "directory is met a second time")


def test_directories_nested_without_end() -> None:
    found, walk = walked(ext({"/".join(["d"] * 300) + "/x": b"", "y": b""}))
    assert found == {"y"}
    assert walk.closed.why == "directories are too deep"


@pytest.mark.parametrize(
    "change",
    [
        patched(0, "<H", 0o100644),  # a file
        patched(40, "<H", 0),  # no extent tree
        patched(42, "<H", 300),  # more extents than there is room for
        patched(46, "<H", 9),  # a deep tree
        patched(60, "<I", 0x7FFFFFFF),  # beyond the end
        patched(32, "<I", 0x10000000),  # inline, and larger than that may be
    ],
)
def test_directories_that_lie(change: Change) -> None:
    found, walk = walked(ext(FILES, inodes={"b": change}))
    assert found == REST
    assert walk.closed.paths == ["a/b"]


def test_a_directory_larger_than_all() -> None:
    huge = patched(4, "<I", 0xFFFFFFFF)
    found, walk = walked(ext(FILES, inodes={"b": lambda inode: patched(108, "<I", 0x3FFFFFFF)(huge(inode))}))
    assert found == set(FILES)  # what is not stored holds no names
    assert not walk.closed.count


def test_an_extent_tree_of_itself() -> None:
    disc = Ext({"f": b"x" * 20_000, "g": b"y"}, apart=True)
    data = bytearray(disc.build())
    number = disc.numbers["f"]
    inode = data.index(disc.tables[number])
    leaf = struct.unpack_from("<I", data, inode + 56)[0]
    data[leaf * 1024 : leaf * 1024 + 24] = data[inode + 40 : inode + 64]  # a node that holds itself
    found, walk = walked(bytes(data))
    assert found == {"g"}
    assert walk.closed.why == "extent tree is damaged"


@pytest.mark.parametrize("empty", [True, False])
def test_block_maps_of_themselves(empty: bool) -> None:
    disc = Ext({"f": b"x" * 400_000, "g": b"y"}, extents=False)
    data = bytearray(disc.build())
    inode = data.index(disc.tables[disc.numbers["f"]])
    block = struct.unpack_from("<I", data, inode + 40 + 48)[0]
    data[block * 1024 : block * 1024 + 1024] = struct.pack("<I", 0 if empty else block) * 256
    data[inode + 40 + 52 : inode + 40 + 60] = struct.pack("<II", block, block)
    data[inode + 4 : inode + 8] = struct.pack("<I", 0xFFFFFFF0)
    data[inode + 108 : inode + 112] = struct.pack("<I", 3)
    found, walk = walked(bytes(data), Limits(spool_bytes=1 << 20))
    assert found >= {"g"}
    assert walk.closed.count == ("f" not in found)


def test_endless_lists_of_empty_blocks() -> None:
    disc = Ext({"f": b"x" * 400_000, "g": b"y"}, extents=False)
    data = bytearray(disc.build())
    inode = data.index(disc.tables[disc.numbers["f"]])
    zero, first, second = (len(data) // 1024 + at for at in range(3))
    data += bytes(1024) + struct.pack("<I", zero) * 256 + struct.pack("<I", first) * 256
    data[inode + 40 + 48 : inode + 40 + 60] = struct.pack("<III", zero, first, second)
    data[inode + 4 : inode + 8] = struct.pack("<I", 0xFFFFFFF0)
    data[inode + 108 : inode + 112] = struct.pack("<I", 9)
    found, walk = walked(bytes(data))
    assert found == {"g"}
    assert "without end" in walk.closed.why


def test_a_file_of_holes_is_bounded_by_what_is_wanted() -> None:
    def holes(inode: bytes) -> bytes:
        return patched(108, "<I", 1 << 20)(patched(42, "<H", 0)(inode))

    entry = entries(ext(FILES, inodes={"deep": holes}))["a/b/deep"]
    assert bytes(entry.head(300_000)) == bytes(300_000)
    with pytest.raises(LimitExceeded):
        entry.read(64 << 20)


@pytest.mark.parametrize("size", [0x7FFFFFFF, 0xFFFFFFFF])
def test_links_with_endless_targets(size: int) -> None:
    found, walk = walked(ext({"link": Link("x" * 80), "b": b""}, inodes={"link": patched(4, "<I", size)}))
    assert found == {"b"}
    assert walk.closed.paths == ["link"]


@pytest.mark.parametrize("name", ["..x/../y", "a\0b"])
def test_names_that_no_file_can_have(name: str) -> None:
    disc = Ext(FILES)
    disc.root.children["zz"].name = name
    found, walk = walked(disc.build())
    assert found == set(FILES) - {"zz"}
    assert walk.climbing.count + walk.closed.count == 1


@pytest.mark.parametrize("length", [0, 3, 7, 1028, 0xFFFF])
def test_entries_that_lie_about_their_length(length: int) -> None:
    data = bytearray(ext(FILES))
    at = data.index(b"deep") - 4
    data[at : at + 2] = struct.pack("<H", length)
    found, walk = walked(bytes(data))
    assert found == REST
    assert (walk.closed.paths, walk.closed.why) == (["a/b"], "directory is damaged")


@pytest.mark.parametrize("at", [0, 4, 20, 24, 32, 40, 76, 88, 96, 100, 254, 260, 336])
def test_superblocks_that_lie(at: int) -> None:
    for value in (0, 1, 2, 0x80, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF):
        data = bytearray(ext(FILES, wide=True))
        data[1024 + at : 1024 + at + 4] = struct.pack("<I", value)
        try:
            walked(bytes(data))
        except (ScanError, AssertionError):  # or it is none any more
            continue


def test_cut_at_every_block() -> None:
    data = ext(FILES)
    for blocks in range(2, len(data) // 1024):
        artifact = opened(data[: blocks * 1024])
        (told,) = artifact.coverage
        assert "cut short" in (told.detail or "")
        walked(data[: blocks * 1024])


def test_many_entries_are_counted() -> None:
    with pytest.raises(LimitExceeded):
        walked(ext({f"d/{number}": b"" for number in range(3000)}), Limits(entries=2000))


def test_what_is_damaged_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, ext(FILES, inodes={"b": patched(0, "<H", 0)}))
    assert purls(report) == [BASH]
    (entry,) = troubles(report)
    assert (entry.reason, entry.path) == ("unreadable", "a/b")
