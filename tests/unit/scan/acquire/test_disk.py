"""ext2, ext3 and ext4: block maps and extents, inline content, links, and disks with such partitions."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path

import pytest

from surveyor.scan.acquire import disk as unit
from surveyor.scan.acquire.interface import Artifact, Origin
from surveyor.scan.errors import Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import CoverageState
from surveyor.scan.tree.entry import Blob, Entry, Kind, Layer, Wanted
from tests.exts import disk, ext
from tests.images import DEBIAN, Link, deb, purls, scan_bytes, troubles

ALL = Wanted(re.compile(rb""))
NOISE = random.Random(1).randbytes(50_000)
FILES = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "5.2"),
    "a/b/c/Grüße ☃.txt": b"hello",
    "link": Link("../a/./b"),
    "long link": Link("x" * 80),
    "n" * 255: b"long",
    "noise": NOISE,
    "mixed": NOISE + bytes(20_480) + b"surveyor" * 60_000,
    "short": b"s" * 60,
    "longer": b"l" * 100,
    "empty": b"",
    **{f"many/{number:04d}": b"%d" % number for number in range(300)},
}
EXPECTED = {path: content.target.encode() if isinstance(content, Link) else content for path, content in FILES.items()}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def opened(data: bytes) -> Artifact:
    origin = Origin(name="x", blob=Blob(buffer=bytes(100) + data, start=100, end=100 + len(data)), store=None)
    assert unit.detect(origin)
    return unit.read(origin, Budget(Limits()))


def layer_of(data: bytes) -> Layer:
    ((layer,),) = (image.layers for image in opened(data).images)
    return layer


def entries(data: bytes) -> dict[str, Entry]:
    return {entry.path: entry for entry in layer_of(data).walk(ALL, Budget(Limits()))}


def contents(data: bytes) -> dict[str, bytes]:
    return {path: bytes(entry.read(1 << 20)) or entry.target for path, entry in entries(data).items()}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"extents": False},
        {"apart": True},
        {"apart": True, "fan": 80},
        {"apart": True, "extents": False},
        {"inline": True},
        {"inline": True, "extents": False},
        {"wide": True},
        {"typed": False},
    ],
)
def test_forms(more: dict[str, object]) -> None:
    assert contents(ext(FILES, **more)) == EXPECTED


def test_files_in_one_piece_are_mapped() -> None:
    found = entries(ext(FILES))
    place = found["noise"].place
    assert place is not None
    assert bytes(place.view()) == NOISE
    assert [found[name].mapped for name in ("noise", "mixed", "empty")] == [True, False, False]


def test_kinds() -> None:
    def device(inode: bytes) -> bytes:
        return struct.pack("<H", 0o20644) + inode[2:]

    found = entries(ext({"null": b"", "link": Link("null"), "file": b"x"}, inodes={"null": device}))
    assert [found[name].kind for name in ("null", "link", "file")] == [Kind.OTHER, Kind.SYMLINK, Kind.FILE]


@pytest.mark.parametrize("typed", [True, False])
def test_programs_are_told_by_mode_and_first_bytes(typed: bool) -> None:
    program, script = b"\x7fELF".ljust(64, b"\0"), b"#!/bin/sh\n".ljust(64)
    files = {"elf": program, "sh": script, "data.elf": program, "short": program[:63]}

    def able(inode: bytes) -> bytes:
        return struct.pack("<H", 0o100755) + inode[2:]

    data = ext(files, typed=typed, inodes=dict.fromkeys(("elf", "sh", "short"), able))
    walk = layer_of(data).walk(Wanted(re.compile(rb"sh"), programs=True), Budget(Limits()))
    assert {entry.path: entry.program for entry in walk} == {"elf": True, "sh": False, "short": False}


def test_partitions_of_a_disk() -> None:
    artifact = opened(disk(b"boot" * 1000, ext({"a": b"1"}), ext({"b": b"2"})))
    assert artifact.type == "disk/raw"
    found = [[entry.path for entry in image.layers[0].walk(ALL, Budget(Limits()))] for image in artifact.images]
    assert found == [["a"], ["b"]]
    (told,) = artifact.coverage
    assert (told.state, told.path) == (CoverageState.SKIPPED, "partition 1")


def test_what_only_the_journal_has_is_told() -> None:
    (told,) = opened(ext(FILES, fields={96: struct.pack("<I", 0x46)})).coverage
    assert (told.state, told.reason) == (CoverageState.PARTIAL, "unclean")


def test_features_that_are_not_known_are_told() -> None:
    with pytest.raises(Unsupported):
        opened(ext(FILES, fields={96: struct.pack("<I", 1 << 30)}))


def test_encrypted_files_and_folders_are_told() -> None:
    def encrypted(inode: bytes) -> bytes:
        return inode[:32] + struct.pack("<I", struct.unpack_from("<I", inode, 32)[0] | 0x800) + inode[36:]

    walk = layer_of(ext(FILES, inodes={"noise": encrypted, "b": encrypted})).walk(ALL, Budget(Limits()))
    assert {entry.path for entry in walk} == set(FILES) - {"noise", "a/b/c/Grüße ☃.txt"}
    assert walk.closed.paths == ["a/b", "noise"]


@pytest.mark.parametrize("whole", [ext(FILES), disk(ext(FILES))])
def test_packages_of_a_filesystem(tmp_path: Path, whole: bytes) -> None:
    report = scan_bytes(tmp_path, whole)
    assert purls(report) == [BASH]
    assert not troubles(report)
