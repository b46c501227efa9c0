"""Disk images: chunks of every kind, partition maps, HFS Plus volumes with all that files can be on them."""

from __future__ import annotations

import plistlib
import random
import re
import tracemalloc
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from surveyor.scan.acquire import dmg
from surveyor.scan.acquire.interface import Artifact
from surveyor.scan.acquire.origin import open_origin
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import ScanStatus
from surveyor.scan.tree.entry import Kind, Wanted
from surveyor.scan.tree.koly import trailer_of
from surveyor.scan.tree.udif import Udif
from tests.apple import hfs, udif
from tests.blobs import ALL, blob
from tests.images import Link, npm, purls, scan, scan_bytes, tar, troubles

REAL = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "dmg"
DICE = random.Random(5)
NOISE = DICE.randbytes(200_000)
TEXT = b"".join(b"line %d of a long text\n" % number for number in range(9000))
SMALL = {"app/node_modules/a/package.json": npm("a", "1")}
FILES: dict[str, object] = {
    "Applications/Shop.app/Contents/Info.plist": b"<plist/>",
    "noise": NOISE,
    "empty": b"",
    "folder": None,
    "a: b": b"a slash on the disk",
    "Zoe\u0308": b"decomposed",
    "to": Link("Applications/Shop.app"),
    "again": Link("noise", hard=True),
    "tool": hfs.Mode(b"#!/bin/sh\n", 0o755),
    **{
        f"packed/{kind}": hfs.Packed(TEXT if kind % 2 == 0 else TEXT[:3000], kind)
        for kind in (1, 3, 4, 7, 8, 9, 10, 11, 12)
    },
    **{f"many/file {number:04}": b"%d" % number for number in range(300)},
}


def opened(tmp_path: Path, data: bytes) -> Artifact:
    path = tmp_path / "image.dmg"
    path.write_bytes(data)
    origin = open_origin(path, path.name, Budget(Limits()))
    assert dmg.detect(origin)
    return dmg.read(origin, Budget(Limits()))


def files_of(artifact: Artifact, number: int = 0) -> dict[str, bytes]:
    """Everything on a volume; links as where they lead."""
    walk = artifact.images[number].layers[0].walk(ALL, Budget(Limits()))
    found = {entry.path: entry.target if entry.kind is Kind.SYMLINK else bytes(entry.read(1 << 30)) for entry in walk}
    assert not walk.closed.count, (walk.closed.names, walk.closed.why)
    assert not walk.climbing.count
    return found


def expected(files: Mapping[str, object]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path, content in files.items():
        match content:
            case Link(target=target, hard=True):
                found[path] = bytes(files[target])  # type: ignore[arg-type]
            case Link(target=target):
                found[path] = target.encode()
            case hfs.Packed(data=data) | hfs.Mode(data=data) | bytes(data):
                found[path] = data
    return {path.replace("a/ b", "a: b"): data for path, data in found.items()}


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("signature", [b"H+", b"HX"])
def test_a_volume_as_it_is(tmp_path: Path, torn: bool, signature: bytes) -> None:
    artifact = opened(tmp_path, hfs.volume(FILES, name="Shop", torn=torn, signature=signature))
    assert artifact.type == "filesystem/hfs"
    assert artifact.images[0].name == "Shop"
    assert files_of(artifact) == expected(FILES)


def test_a_volume_in_a_classic_one(tmp_path: Path) -> None:
    assert files_of(opened(tmp_path, hfs.wrapped(hfs.volume(SMALL)))) == SMALL


def test_the_beginning_of_a_compressed_file_costs_one_block(tmp_path: Path) -> None:
    volume = bytearray(hfs.volume({"a": hfs.Packed(TEXT, 8)}))
    # the second block is damaged: an opcode that does not exist
    blocks = hfs.packed_parts(hfs.Packed(TEXT, 8))[1]
    volume[volume.index(blocks[int.from_bytes(blocks[4:8], "little") :][:64])] = 0x70
    walk = opened(tmp_path, bytes(volume)).images[0].layers[0].walk(ALL, Budget(Limits()))
    (entry,) = list(walk)
    assert bytes(entry.peek(65536)) == TEXT[:65536]
    with pytest.raises(Malformed):
        entry.read(1 << 30)


@pytest.mark.parametrize("kind", [5, 13, 99])
def test_files_compressed_otherwise_are_told(tmp_path: Path, kind: int) -> None:
    artifact = opened(tmp_path, hfs.volume({"a": hfs.Packed(b"x", kind)}))
    (entry,) = list(artifact.images[0].layers[0].walk(ALL, Budget(Limits())))
    with pytest.raises(Unsupported):
        entry.read(100)


def test_directories_with_several_names(tmp_path: Path) -> None:
    volume = hfs.Volume({"a/file": b"1"})
    private = volume.folder(hfs.PRIVATE_FOLDERS)
    number = volume.folder(f"{hfs.PRIVATE_FOLDERS}/dir_77")
    volume.file(number, "inside", b"2")
    volume.file(volume.folder("a"), "Versions", b"", kind=b"fdrpMACS", special=77)
    assert private
    found = {
        entry.path: entry.kind
        for entry in opened(tmp_path, volume.write()).images[0].layers[0].walk(ALL, Budget(Limits()))
    }
    assert found == {"a/file": Kind.FILE, "a/Versions": Kind.OTHER, "a/Versions/inside": Kind.FILE}


@pytest.mark.parametrize("kinds", [*udif.KINDS, tuple(udif.KINDS)], ids=str)
@pytest.mark.parametrize("head", [False, True])
def test_every_kind_of_chunk(tmp_path: Path, kinds: str | tuple[str, ...], head: bool) -> None:
    files = {"noise": NOISE[:70_000], "text": TEXT, **SMALL}
    artifact = opened(tmp_path, udif.image(hfs.volume(files), kinds, chunk=64 * 512, tables=3, head=head))
    assert artifact.type == "dmg"
    assert not artifact.coverage
    assert files_of(artifact) == files


def test_any_range_of_an_image_is_that_of_its_disk() -> None:
    disk = b"".join(DICE.choice([bytes(512), DICE.randbytes(512), b"a" * 512]) for _ in range(300))
    data = udif.image(disk, tuple(udif.KINDS), chunk=8 * 512, tables=2)
    trailer = trailer_of(blob(data))
    assert trailer
    device = Udif(blob(data), trailer, Budget(Limits()))
    assert len(device) == len(disk)
    for _ in range(400):
        start, size = DICE.randrange(len(disk)), DICE.randrange(20_000)
        assert bytes(device.read(start, size)) == disk[start : start + size]
    assert bytes(device.read(len(disk), 10)) == b""


@pytest.mark.parametrize("shape", [udif.apple_map, udif.guid_map])
def test_volumes_in_partitions(tmp_path: Path, shape: object) -> None:
    volumes = [hfs.volume(SMALL, name="One"), hfs.volume({"b": b"2"}, name="Two")]
    artifact = opened(tmp_path, udif.image(shape(volumes)))  # type: ignore[operator]
    assert [image.name for image in artifact.images] == ["One", "Two"]
    assert all((image.layers[0].place or "").startswith("partition") for image in artifact.images)
    assert files_of(artifact, 0) == SMALL
    assert files_of(artifact, 1) == {"b": b"2"}


def test_a_volume_in_an_mbr_partition(tmp_path: Path) -> None:
    volume = hfs.volume(SMALL)
    disk = udif.mbr([(0xAF, 8, len(volume) // 512)]).ljust(8 * 512, b"\0") + volume
    assert files_of(opened(tmp_path, disk)) == SMALL


def test_an_image_that_begins_as_a_compressed_file(tmp_path: Path) -> None:
    for kind, magic in (("bzip2", b"BZh"), ("lzma", b"\xfd7zXZ")):
        volume = bytearray(hfs.volume(SMALL))
        volume[0] = 1  # or the first chunk would be zeros
        data = udif.image(bytes(volume), kind, chunk=8 * 512)
        assert data.startswith(magic)
        assert files_of(opened(tmp_path, data)) == SMALL


def test_packages_on_an_image_are_found(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, udif.image(udif.apple_map([hfs.volume(SMALL)]), "lzfse"))
    assert purls(report) == ["pkg:npm/a@1"]
    assert report.target.type == "dmg"
    assert not troubles(report)


def test_a_partition_that_is_not_read_is_told(tmp_path: Path) -> None:
    disk = udif.apple_map([hfs.volume(SMALL), b"\xeb\x58\x90MSDOS5.0" * 1024, bytes(8192)])
    report = scan_bytes(tmp_path, udif.image(disk))
    assert purls(report) == ["pkg:npm/a@1"]
    (entry,) = troubles(report)
    assert (entry.what, entry.path, entry.reason) == ("acquire.dmg", "partition 3 (disk image 1)", "unsupported")


@pytest.mark.parametrize("kind", ["ISO9660_data", "Apple_Scratch", "Apple_Driver_IOKit"])
def test_partitions_that_hold_nothing_are_no_gap(tmp_path: Path, kind: str) -> None:
    other = udif.apple_map([b"\1CD001" * 1024], kind)[: 64 * udif.SECTOR]
    volume = udif.apple_map([hfs.volume(SMALL), b"\1CD001" * 1024])
    at = 3 * udif.SECTOR  # the second row behind the map's own, with the place it has there
    row = volume[at : at + 48] + other[2 * udif.SECTOR + 48 : 3 * udif.SECTOR]
    report = scan_bytes(tmp_path, udif.image(volume[:at] + row + volume[at + udif.SECTOR :]))
    assert purls(report) == ["pkg:npm/a@1"]
    assert not troubles(report)


def test_packages_on_a_bare_volume_are_opened(tmp_path: Path) -> None:
    inner = tar({"node_modules/b/package.json": npm("b", "2")})
    report = scan_bytes(tmp_path, hfs.volume({**SMALL, "b.tar": inner}), "disk.hfs")
    assert report.target.type == "filesystem/hfs"
    assert purls(report) == ["pkg:npm/a@1", "pkg:npm/b@2"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"encrcdsa" + bytes(4000), "encrypted"),
        (bytes(4000) + b"cdsaencr", "encrypted"),
        (b"sprs" + bytes(4000), "sparse"),
        (udif.wrap(b"", [udif.mish(0, [])], 8, segments=3), "in several files"),
        (udif.seal(b"x" * 600, b"", 8), "resource fork"),
        (udif.image(b"x" * 8192), "no filesystem"),
        (udif.image(hfs.wrapped(b"").replace(b"H+", b"\0\0").ljust(16384, b"\0")), "classic HFS"),
        (udif.wrap(b"", [udif.mish(0, [(0x80000009, 0, 8, 0, 1)])], 8), "0x80000009"),
    ],
)
def test_what_is_not_read_is_told(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        opened(tmp_path, data)
    report = scan_bytes(tmp_path, data)
    assert report.scan_status is ScanStatus.UNSUPPORTED
    assert words in (report.error or "")


def test_tables_that_do_not_fit_their_checksum_are_told(tmp_path: Path) -> None:
    disk = hfs.volume(SMALL)
    table = udif.mish(0, [(1, 0, len(disk) // 512, 0, len(disk))], check=7)
    artifact = opened(tmp_path, udif.wrap(disk, [table], len(disk) // 512, check=9))
    assert [entry.reason for entry in artifact.coverage] == ["malformed"]
    assert files_of(artifact) == SMALL


def test_a_listing_in_binary_form(tmp_path: Path) -> None:
    disk = hfs.volume(SMALL)
    table = udif.mish(0, [(1, 0, len(disk) // 512, 0, len(disk))])
    listing = plistlib.dumps({"resource-fork": {"blkx": [{"Data": table}]}}, fmt=plistlib.FMT_BINARY)
    assert files_of(opened(tmp_path, udif.seal(disk, listing, len(disk) // 512))) == SMALL


@pytest.mark.skipif(not REAL.exists(), reason="the shared fixtures are not there")
@pytest.mark.parametrize("name", ["hfsplus.raw", "hfsplus-udif-built.dmg", "hfsplus_zlib.dmg"])
def test_what_a_mac_wrote(name: str) -> None:
    path = REAL / name
    artifact = dmg.read(open_origin(path, name, Budget(Limits())), Budget(Limits()))
    assert not artifact.coverage
    found = files_of(artifact)
    assert found["passwords.txt"].startswith(b"place,user,password\n")
    assert found["a_link"] == b"a_directory/another_file"
    assert found["a_directory/another_file"] == b"This is another file.\n"
    assert len(found["a_directory/a_file"]) == 53
    assert scan(path).scan_status is not ScanStatus.FAILED
    assert unicodedata.is_normalized("NFD", "".join(found))


def test_programs_are_known_by_mode_and_first_bytes(tmp_path: Path) -> None:
    program = b"\xcf\xfa\xed\xfe" + bytes(200)
    files: dict[str, object] = {
        "run": hfs.Mode(program, 0o755),
        "data": program,
        "script": hfs.Mode(b"#!/bin/sh\n" * 20, 0o755),
        "again": Link("run", hard=True),
        "same": Link("data", hard=True),
        "packed": hfs.Packed(program, 4),
    }
    wanted = Wanted(re.compile(rb"data"), programs=True)
    walk = opened(tmp_path, hfs.volume(files)).images[0].layers[0].walk(wanted, Budget(Limits()))
    assert {entry.path: entry.program for entry in walk} == {"run": True, "data": False, "again": True}


def test_a_large_file_in_pieces_is_no_private_memory(tmp_path: Path) -> None:
    whole = DICE.randbytes(1 << 20) * 24
    artifact = opened(tmp_path, udif.image(hfs.volume({"large": whole}), chunk=2048 * 512))
    tracemalloc.start()
    (entry,) = artifact.images[0].layers[0].walk(ALL, Budget(Limits()))
    assert entry.read(1 << 30) == whole
    # the cache of chunks, and no more
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()


def test_an_image_in_an_archive(tmp_path: Path) -> None:
    data = udif.image(udif.guid_map([hfs.volume({"a.app/node_modules/b/package.json": npm("b", "2")})]), "adc")
    inner = udif.image(hfs.volume({"Inner.DMG": data, "x/node_modules/c/package.json": npm("c", "3")}))
    report = scan_bytes(tmp_path, tar({"download/Outer.dmg": inner}), "a.tar")
    assert purls(report) == ["pkg:npm/b@2", "pkg:npm/c@3"]
    assert report.packages[0].locations[0].path.startswith("download/Outer.dmg!/Inner.DMG!/a.app/")


def test_what_may_not_be_spooled_is_told_and_the_rest_read(tmp_path: Path) -> None:
    whole = DICE.randbytes(1 << 20) * 20
    files: dict[str, object] = {"a.pkg": whole, "b.pkg": whole, **SMALL}
    data = udif.image(hfs.volume(files), chunk=2048 * 512)
    report = scan_bytes(tmp_path, data, "a.dmg", Limits(spool_bytes=30 << 20))
    assert purls(report) == ["pkg:npm/a@1"]
    (entry,) = troubles(report)
    assert (entry.what, entry.path, entry.count) == ("acquire.layer", "b.pkg", 1)
    assert "spooled" in (entry.detail or "")


@pytest.mark.parametrize("letters", [b"H+", b"HX", b"BD"])
def test_two_letters_make_no_volume(tmp_path: Path, letters: bytes) -> None:
    data = b"\x7fELF".ljust(1024, b"x") + letters + b"y" * 4000
    path = tmp_path / "a"
    path.write_bytes(data)
    assert not dmg.detect(open_origin(path, "a", Budget(Limits())))
