"""SquashFS: every compressor, block and fragment form, links, and what is told and not read."""

from __future__ import annotations

import lzma
import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.block
import pytest
import zstandard

from surveyor.scan.acquire import squashfs as unit
from surveyor.scan.acquire.interface import Origin
from surveyor.scan.errors import Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Blob, Entry, Kind, Layer, Wanted
from tests.images import DEBIAN, Link, deb, purls, scan_bytes, troubles
from tests.squash import squashfs

ALL = Wanted(re.compile(rb""))
NOISE = random.Random(1).randbytes(300_000)
FILES = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "5.2"),
    "a/b/c/Grüße ☃.txt": b"hello",
    "link": Link("../a/./b/"),
    "n" * 256: b"long",
    "noise": NOISE,
    "mixed": NOISE[:200_000] + bytes(400_000) + b"surveyor" * 50_000 + b"end",
    "empty": b"",
    **{f"many/{number:04d}": b"%d" % number for number in range(1000)},
}
EXPECTED = {path: content.target.encode() if isinstance(content, Link) else content for path, content in FILES.items()}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


PACKS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": zlib.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE, preset=0),
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32, preset=0),
    "lz4": lambda data: bytes(lz4.block.compress(data, store_size=False)),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}


def layer_of(data: bytes, *, before: int = 0) -> Layer:
    blob = Blob(buffer=bytes(before) + data, start=before, end=before + len(data))
    origin = Origin(name="x", blob=blob, store=None)
    assert unit.detect(origin)
    (image,) = unit.read(origin, Budget(Limits())).images
    (layer,) = image.layers
    return layer


def entries(data: bytes, *, before: int = 0) -> dict[str, Entry]:
    return {entry.path: entry for entry in layer_of(data, before=before).walk(ALL, Budget(Limits()))}


def contents(data: bytes) -> dict[str, bytes]:
    return {path: bytes(entry.read(1 << 20)) or entry.target for path, entry in entries(data).items()}


@pytest.mark.parametrize("compressor", PACKS)
def test_compressors(compressor: str) -> None:
    data = squashfs(FILES, pack=PACKS[compressor], compressor=compressor)
    assert layer_of(data).form == f"SquashFS, {compressor}"
    assert contents(data) == EXPECTED


@pytest.mark.parametrize("more", [{"log": 12}, {"log": 20}, {"fragments": False}, {"extended": True}])
def test_forms(more: dict[str, object]) -> None:
    assert contents(squashfs(FILES, **more)) == EXPECTED


def test_lzo_blocks() -> None:
    """Literals do not get smaller, so what is packed has to be told as such by hand."""
    text = b"0123456789" * 40

    def pack(data: bytes) -> bytes:
        # a copy of the ten bytes before, as long as it takes
        if data != text:
            return data
        length = len(text) - 10 - 2 - 31
        copy = bytes([0x20]) + bytes(length // 255) + bytes([length % 255]) + (9 << 2).to_bytes(2, "little")
        return bytes([17 + 10]) + data[:10] + copy + b"\x11\0\0"

    files = {"text": text}
    assert contents(squashfs(files, pack=pack, compressor="lzo", fragments=False)) == files


def test_bytes_are_read_as_far_as_they_are_wanted() -> None:
    found = entries(squashfs(FILES, log=12))
    whole = FILES["mixed"]
    assert isinstance(whole, bytes)
    for count in (0, 1, 4095, 4096, 4097, 250_000, 599_999, len(whole), len(whole) + 1):
        assert bytes(found["mixed"].peek(count)) == whole[:count]


def test_files_that_nothing_packed_are_mapped() -> None:
    data = squashfs(FILES, fragments=False)
    entry = entries(data, before=100)["noise"]
    assert entry.mapped
    assert entry.place is not None
    assert bytes(entry.place.view()) == NOISE
    assert not entries(data)["mixed"].mapped


def test_kinds() -> None:
    found = entries(squashfs({"null": b"", "link": Link("null")}, inodes={"null": lambda inode: b"\5\0" + inode[2:]}))
    assert (found["null"].kind, found["link"].kind) == (Kind.OTHER, Kind.SYMLINK)


@pytest.mark.parametrize("compressor", PACKS)
@pytest.mark.parametrize("fragments", [True, False])
def test_programs_are_told_by_mode_and_first_bytes(compressor: str, fragments: bool) -> None:
    program, script = b"\x7fELF" + b"surveyor" * 40_000, b"#!/bin/sh\n".ljust(64)
    files = {"elf": program, "sh": script, "data.elf": program, "short": program[:63]}
    plain = {"data.elf": lambda inode: inode[:2] + b"\xa4\x01" + inode[4:]}
    data = squashfs(files, pack=PACKS[compressor], compressor=compressor, fragments=fragments, inodes=plain)
    walk = layer_of(data).walk(Wanted(re.compile(rb"sh"), programs=True), Budget(Limits()))
    found = {entry.path: entry for entry in walk}
    assert {name: entry.program for name, entry in found.items()} == {"elf": True, "sh": False, "short": False}
    assert bytes(found["elf"].read(1 << 20)) == program


def test_a_file_too_large_to_be_held_is_spooled() -> None:
    whole = b"surveyor" * (3 << 20)
    entry = entries(squashfs({"a/root.img": whole}))["a/root.img"]
    assert (entry.mapped, entry.place is not None) == (False, True)
    assert bytes(entry.read(1 << 30)) == whole


@pytest.mark.parametrize("fields", [{"magic": b"sqsh"}, {"major": 3}, {"compressor": 9}])
def test_other_versions_are_told(fields: dict[str, int | bytes]) -> None:
    with pytest.raises(Unsupported):
        layer_of(squashfs(FILES, fields=fields))


def test_packages_of_a_filesystem(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, squashfs(FILES))
    assert purls(report) == [BASH]
    assert report.target.type == "filesystem/squashfs"
    assert not troubles(report)


@pytest.mark.parametrize(
    "name",
    ["filesystem.squashfs", "squashfs.img", "rootfs.img", "core22_1.snap", "airootfs.sfs", "system.sqfs", "fw.sqsh"],
)
def test_names_of_files_that_are_worth_a_look(name: str) -> None:
    acquirer = unit.ACQUIRER
    assert re.fullmatch(rb"(?:%b|[^/]+\.(?:%b))" % (acquirer.names, acquirer.endings), name.encode())
