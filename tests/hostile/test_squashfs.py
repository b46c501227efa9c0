"""SquashFS images made to hurt: loops, lies about sizes and counts, bombs, and cuts at every boundary."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
import zstandard

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import CoverageState
from surveyor.scan.tree.entry import Walk
from tests.images import DEBIAN, Link, deb, npm, purls, scan_bytes, troubles
from tests.squash import Squash, squashfs
from tests.unit.scan.acquire.test_squashfs import ALL, entries, layer_of

FILES = {"a/b/deep": b"x", "etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2"), "zz/last": b"y"}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"
REST = set(FILES) - {"a/b/deep"}


def walked(data: bytes, limits: Limits | None = None) -> tuple[set[str], Walk]:
    walk = layer_of(data).walk(ALL, Budget(limits or Limits()))
    return {entry.path for entry in walk}, walk


def only_closed(walk: Walk) -> tuple[str, str]:
    assert walk.closed.count == 1
    return walk.closed.paths[0], walk.closed.why


def patched(at: int, form: str, *values: int) -> object:
    """A change of an inode: the fields from a position on."""

    def change(inode: bytes) -> bytes:
        out = bytearray(inode)
        struct.pack_into(form, out, at, *values)
        return bytes(out)

    return change


def test_a_directory_that_holds_itself() -> None:
    def loop(listing: bytes) -> bytes:
        # its one entry is made to be the directory itself: all inodes are in the first block
        return listing[:12] + struct.pack("<H", twin.references["b"] & 0xFFFF) + listing[14:16] + b"\1\0" + listing[18:]

    twin = Squash(FILES)
    twin.build()
    found, walk = walked(squashfs(FILES, listings={"b": loop}))
    assert found == REST
    assert only_closed(walk) == ("a/b/deep", "directory is met a second time")


def test_directories_nested_without_end() -> None:
    found, walk = walked(squashfs({"/".join(["d"] * 300) + "/x": b"", "y": b""}))
    assert found == {"y"}
    assert walk.closed.why == "directories are too deep"


@pytest.mark.parametrize(
    "change",
    [
        patched(16, "<I", 0x7FFFFFF0),  # block of its listing
        patched(26, "<H", 0xFFFF),  # offset in it
        patched(24, "<H", 0xFFFF),  # bytes of it
        patched(0, "<H", 2),  # a file
        patched(0, "<H", 99),
    ],
)
def test_directories_that_lie(change: object) -> None:
    found, walk = walked(squashfs(FILES, inodes={"b": change}))
    assert found >= REST
    assert walk.closed.count >= 1


@pytest.mark.parametrize("listing", [struct.pack("<III", 0xFFFFFFFF, 0, 0), b"\0" * 9, b"\xff" * 40, b"\0" * 40])
def test_listings_that_lie(listing: bytes) -> None:
    found, walk = walked(squashfs(FILES, listings={"b": lambda _: listing}))
    assert found == REST
    assert walk.closed.count >= 1


def test_a_listing_that_points_outside_the_inodes() -> None:
    found, walk = walked(squashfs(FILES, listings={"b": lambda old: old[:4] + struct.pack("<I", 0x7FFFFFFF) + old[8:]}))
    assert found == REST
    assert only_closed(walk)[0] == "a/b/deep"


@pytest.mark.parametrize("name", [b"..", b".", b"a/b", b"/x"])
def test_names_that_lead_out(name: bytes) -> None:
    def rename(old: bytes) -> bytes:
        return old[:18] + struct.pack("<H", len(name) - 1) + name

    found, walk = walked(squashfs(FILES, listings={"b": rename}))
    assert found == REST
    assert walk.climbing.count == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (patched(16, "<I", 0x7FFFFFF0), "outside the filesystem"),  # first block
        (patched(20, "<I", 7), "fragment 7 of 1"),
        (patched(24, "<I", 0x7FFFFFF0), "outside its fragment"),
        (patched(32, "<I", 0x7FFFFFFF), "outside the filesystem"),  # size of a block
        (patched(32, "<I", 9), "cut short"),
        (
            patched(28, "<I", 131072 * 2 + 1),
            "outside the filesystem",
        ),  # size of the file: one more block than there are
    ],
)
def test_files_that_lie(change: object, words: str) -> None:
    files = {"a": npm("a", "1"), "big": b"surveyor" * 16384 + b"tail", "c": b"c"}
    found = entries(squashfs(files, inodes={"big": change}))
    with pytest.raises(Malformed, match=words):
        found["big"].read(1 << 20)
    assert bytes(found["a"].read(99)) == files["a"]
    assert bytes(found["c"].read(99)) == b"c"


def test_sizes_beyond_all_bounds_cost_nothing() -> None:
    huge = patched(24, "<Q", 1 << 62)
    found = entries(squashfs({"big": b"x" * 99, "b": b"y"}, extended=True, inodes={"big": huge}))
    assert found["big"].size == 1 << 62
    with pytest.raises(LimitExceeded):
        found["big"].read(64 << 20)
    with pytest.raises(Malformed):
        found["big"].head(4)


def test_a_file_of_holes_is_bounded_by_what_is_wanted() -> None:
    def holes(inode: bytes) -> bytes:
        return inode[:24] + struct.pack("<Q", 1 << 40) + inode[32:44] + b"\xff" * 4 + inode[48:56] + bytes(40_000)

    entry = entries(squashfs({"big": b"x", "b": b"y"}, extended=True, inodes={"big": holes}))["big"]
    assert bytes(entry.head(300_000)) == bytes(300_000)
    with pytest.raises(LimitExceeded):
        entry.read(64 << 20)


@pytest.mark.parametrize("size", [1 << 20, 1 << 30, 0xFFFFFFFF])
def test_links_with_endless_targets(size: int) -> None:
    found, walk = walked(squashfs({"link": Link("x"), "b": b""}, inodes={"link": patched(20, "<I", size)}))
    assert found == {"b"}
    assert only_closed(walk)[0] == "link"


@pytest.mark.parametrize("bomb", [zlib.compress(bytes(64 << 20)), zstandard.ZstdCompressor().compress(bytes(64 << 20))])
def test_blocks_that_hold_more_than_a_block(bomb: bytes) -> None:
    compressor = "gzip" if bomb[:1] == b"\x78" else "zstd"
    pack = zlib.compress if compressor == "gzip" else zstandard.ZstdCompressor().compress
    files = {"big": b"surveyor" * 16384, "b": b"y"}
    whole = squashfs(
        files, pack=lambda data: bomb if data[:16] == b"surveyor" * 2 else pack(data), compressor=compressor
    )
    with pytest.raises(Malformed, match="more than"):
        entries(whole)["big"].read(1 << 20)


@pytest.mark.parametrize("compressor", ["lzma", "xz", "lzo", "lz4", "zstd"])
def test_damaged_blocks_of_every_compressor(compressor: str) -> None:
    data = bytearray(squashfs(FILES, pack=lambda data: b"\x07damaged"[: len(data)], compressor=compressor))
    found, walk = walked(bytes(data))
    assert not found
    assert walk.closed.paths == ["."]


def test_tables_of_empty_blocks() -> None:
    whole = Squash(FILES)
    data = bytearray(whole.build())
    at = struct.unpack_from("<Q", data, 72)[0]
    data[at : at + 2] = b"\0\0"
    found, walk = walked(bytes(data))
    assert not found
    assert walk.closed.paths == ["."]


def test_counts_of_inodes_that_lie() -> None:
    for count in (0, 1, 0xFFFFFFFF):
        found, walk = walked(squashfs(FILES, fields={"inodes": count}))
        assert found == set(FILES)
        assert walk.closed.count == (count > 100)


def test_inode_numbers_that_lie_cost_no_memory() -> None:
    with pytest.raises(LimitExceeded):
        walked(squashfs(FILES, inodes={"b": patched(12, "<I", 0xFFFFFFF0)}))


def test_a_filesystem_that_says_it_is_larger(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, squashfs(FILES, fields={"used": 1 << 40}))
    assert "cut short" in (report.error or "")


@pytest.mark.parametrize("fields", [{"block": 1 << 31}, {"log": 40}, {"block": 0}, {"root": (1 << 64) - 1}])
def test_superblocks_that_lie(fields: dict[str, int]) -> None:
    try:
        found, walk = walked(squashfs(FILES, fields=fields))
    except Malformed:
        return
    assert not found
    assert walk.closed.count == 1


def test_cut_at_every_boundary() -> None:
    whole = squashfs(FILES)
    for cut in range(4, len(whole), 7):
        with pytest.raises(Malformed):
            walked(whole[:cut])


def test_many_entries_are_counted() -> None:
    with pytest.raises(LimitExceeded):
        walked(squashfs({f"d/{number}": b"" for number in range(3000)}), Limits(entries=2000))


def test_what_is_damaged_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, squashfs(FILES, inodes={"b": patched(16, "<I", 0x7FFFFFF0)}))
    assert purls(report) == [BASH]
    (entry,) = troubles(report)
    assert (entry.state, entry.reason, entry.path) == (CoverageState.PARTIAL, "unreadable", "a/b")
