"""UDF volumes made to hurt: loops, lies about places and sizes, lists without end, and cuts at every block."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Walk
from tests.images import DEBIAN, deb, purls, scan_bytes, troubles
from tests.udfs import FOLDER, PLAIN, Udf, icb, udf
from tests.unit.scan.acquire.test_iso import ALL, entries, layer_of

FILES = {"a/b/deep": b"x", "etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2"), "zz": b"y"}
REST = set(FILES) - {"a/b/deep"}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def walked(data: bytes, limits: Limits | None = None) -> tuple[set[str], Walk]:
    walk = layer_of(data).walk(ALL, Budget(limits or Limits()))
    return {entry.path for entry in walk}, walk


def short(*pieces: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<II", *piece) for piece in pieces)


def test_a_directory_that_holds_itself() -> None:
    twin = Udf(FILES, form=3)
    twin.build()

    def loop(old: bytes) -> bytes:
        # the name of "deep" becomes a directory, whose ICB is that of "b"
        at = old.index(b"\x08deep") - 38
        name = bytearray(old[at : at + 38])
        name[18] = 2
        name[24:28] = struct.pack("<I", twin.blocks["b"])
        name[4] = (sum(name[:16]) - name[4]) & 0xFF
        return old[:at] + bytes(name) + old[at + 38 :]

    found, walk = walked(udf(FILES, form=3, icbs={"b": loop}))
    assert found == REST
    assert (walk.closed.paths, walk.closed.why) == (["a/b/deep"], "directory is met a second time")


def test_directories_nested_without_end() -> None:
    found, walk = walked(udf({"/".join(["d"] * 300) + "/x": b"", "y": b""}))
    assert found == {"y"}
    assert walk.closed.why == "directories are too deep"


@pytest.mark.parametrize(
    "change",
    [
        lambda old: icb(FOLDER, 2048, 0, short((2048, 0x7FFFFFFF))),  # beyond the partition
        lambda old: icb(FOLDER, 1 << 62, 0, short((2048, 0))),  # larger than all
        lambda old: icb(FOLDER, 2048, 0, short((2048, 0))),  # something else
        lambda old: icb(FOLDER, 2048, 1, short((2048, 0), (99, 0))),  # another partition
        lambda old: icb(FOLDER, 2048, 2, b"\0" * 20),  # a form that is not read
        lambda old: icb(FOLDER, 2048, 3, b"\xff" * 99),  # no names
        lambda old: icb(PLAIN, 0, 0, b""),  # a file
        lambda old: b"\0" * 2048,
        lambda old: old[:16] + b"\xff" * (len(old) - 16),
    ],
)
def test_directories_that_lie(change: Callable[[bytes], bytes]) -> None:
    found, walk = walked(udf(FILES, icbs={"b": change}))
    assert found == REST
    assert walk.closed.paths == ["a/b"]


@pytest.mark.parametrize(
    "change",
    [
        lambda old: icb(PLAIN, 1 << 20, 0, short((1 << 20, 0))),  # more than the partition
        lambda old: icb(PLAIN, 9, 0, short((9 | 3 << 30, 0))),  # a list that goes on in something else
        lambda old: b"\xff" * 2048,
    ],
)
def test_files_that_lie(change: Callable[[bytes], bytes]) -> None:
    found, walk = walked(udf(FILES, icbs={"deep": change}))
    assert found == REST
    assert walk.closed.paths == ["a/b/deep"]


def test_a_file_of_holes_is_bounded_by_what_is_wanted() -> None:
    entry = entries(udf(FILES, icbs={"deep": lambda old: icb(PLAIN, 1 << 62, 0, b"")}))["a/b/deep"]
    assert bytes(entry.head(300_000)) == bytes(300_000)
    with pytest.raises(LimitExceeded):
        entry.read(64 << 20)


def test_lists_of_extents_in_a_circle() -> None:
    disc = Udf({"f": b"x" * 5000, "g": b"y"}, pieces=1, continued=True)
    data = bytearray(disc.build())
    at = data.index(struct.pack("<H", 258) + b"\3\0")  # the block that the list goes on in
    place = (at // 2048) - 288
    data[at + 20 : at + 32] = struct.pack("<III", 8, 2048 | 3 << 30, place)
    found, walk = walked(bytes(data))
    assert found == {"g"}
    assert "without end" in walk.closed.why


def test_lists_of_very_many_extents() -> None:
    listed = short(*[(1 | 1 << 30, 0)] * 200)
    more = short((2048 | 3 << 30, 0))
    found, walk = walked(udf(FILES, icbs={"deep": lambda old: icb(PLAIN, 1 << 40, 0, listed + more)}))
    assert found == REST
    assert walk.closed.count == 1


@pytest.mark.parametrize("name", ["..", ".", "a/b", "\0"])
def test_names_that_no_file_can_have(name: str) -> None:
    disc = Udf(FILES)
    disc.root.children["zz"].name = name
    found, walk = walked(disc.build())
    assert found == set(FILES) - {"zz"}
    assert walk.climbing.count + walk.closed.count == 1


@pytest.mark.parametrize("metadata", [False, True])
def test_cut_at_every_block(metadata: bool) -> None:
    data = udf(FILES, metadata=metadata)
    for blocks in range(17, len(data) // 2048):
        try:
            found, walk = walked(data[: blocks * 2048])
        except Malformed:
            continue
        assert walk.closed.count or found == set(FILES)


@pytest.mark.parametrize(
    "at", [288 * 2048 + 400, 258 * 2048 + 188, 259 * 2048 + 212, 259 * 2048 + 268, 259 * 2048 + 248]
)
def test_descriptors_that_lie(at: int) -> None:
    for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        data = bytearray(udf(FILES))
        data[at : at + 4] = struct.pack("<I", value)
        try:
            walked(bytes(data))
        except (Malformed, Unsupported):
            continue


def test_a_metadata_partition_in_itself() -> None:
    with pytest.raises(Malformed):
        layer_of(udf(FILES, metadata=True, icbs={"metadata": lambda old: icb(250, 2048, 1, bytes(16))})[: 290 * 2048])


def test_many_entries_are_counted() -> None:
    with pytest.raises(LimitExceeded):
        walked(udf({f"d/{number}": b"" for number in range(3000)}), Limits(entries=2000))


def test_what_is_damaged_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, udf(FILES, icbs={"b": lambda old: bytes(2048)}))
    assert purls(report) == [BASH]
    (entry,) = troubles(report)
    assert (entry.reason, entry.path) == ("unreadable", "a/b")
