"""Disc images: every way of naming, links, moved directories, files in parts, and what is told and not read."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from surveyor.scan.acquire import iso as unit
from surveyor.scan.acquire.interface import Origin
from surveyor.scan.errors import ScanError, Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import CoverageState
from surveyor.scan.tree.entry import Blob, Entry, Kind, Layer, Wanted
from tests import discs
from tests.discs import SECTOR, Iso, iso
from tests.images import DEBIAN, Link, deb, purls, scan_bytes, troubles

ALL = Wanted(re.compile(rb""))
LONG = "n" * 250
NOISE = bytes(range(256)) * 40
FILES = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "5.2"),
    "a/b/c/Hello World.txt": b"hello",
    "link": Link("../a/./b"),
    "absolute": Link("/etc/os-release"),
    LONG: b"long",
    "noise": NOISE,
    "empty": b"",
}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def layer_of(data: bytes, *, before: int = 0) -> Layer:
    blob = Blob(buffer=bytes(before) + data, start=before, end=before + len(data))
    origin = Origin(path=Path("x"), name="x", blob=blob, store=None)
    assert unit.detect(origin)
    (image,) = unit.read(origin, Budget(Limits())).images
    (layer,) = image.layers
    return layer


def entries(data: bytes, *, before: int = 0) -> dict[str, Entry]:
    return {entry.path: entry for entry in layer_of(data, before=before).walk(ALL, Budget(Limits()))}


def contents(data: bytes) -> dict[str, bytes]:
    return {path: bytes(entry.read(1 << 20)) or entry.target for path, entry in entries(data).items()}


EXPECTED = {path: content.target.encode() if isinstance(content, Link) else content for path, content in FILES.items()}


@pytest.mark.parametrize("more", [{}, {"joliet": True}, {"skip": 5}, {"extents": 1}, {"relocate": ("a/b/c", "a/b")}])
def test_rock_ridge_says_names_links_and_places(more: dict[str, object]) -> None:
    assert contents(iso(FILES, **more)) == EXPECTED


def test_joliet_names_where_there_is_no_rock_ridge() -> None:
    files = {"a/Grüße ☃.txt": b"x", "etc/os-release": DEBIAN}
    assert contents(iso(files, rockridge=False, joliet=True)) == files


def test_plain_names_as_linux_shows_them() -> None:
    assert contents(iso({"A/READ.ME": b"x", "lib.": b"y"}, rockridge=False)) == {"a/read.me": b"x", "lib": b"y"}


def test_a_name_of_its_own_form_is_told() -> None:
    forms = [
        layer_of(iso(FILES, **more)).form for more in ({}, {"rockridge": False}, {"rockridge": False, "joliet": True})
    ]
    assert forms == ["ISO 9660 with Rock Ridge", "ISO 9660", "Joliet"]


def test_whole_files_are_mapped_and_know_their_place() -> None:
    found = entries(iso(FILES, extents=1), before=100)
    entry = found["noise"]
    assert entry.mapped  # parts that follow each other are one
    assert found["link"].kind is Kind.SYMLINK
    assert entry.place is not None
    assert bytes(entry.place.view()) == NOISE


def test_parts_that_lie_apart_are_put_together() -> None:
    disc = Iso({"f": NOISE}, extents=1)
    data = bytearray(disc.build())
    at = data.index(discs.both(disc.root.children["f"].place + 1)) - 2
    data += NOISE[SECTOR : 2 * SECTOR]
    data[at + 2 : at + 10] = discs.both(len(data) // SECTOR - 1)
    assert contents(bytes(data)) == {"f": NOISE}
    assert not entries(bytes(data))["f"].mapped


def test_a_zisofs_file_is_unpacked() -> None:
    whole = b"surveyor " * 9000
    blocks = [zlib.compress(whole[at : at + 32768]) for at in range(0, len(whole), 32768)]
    blocks.insert(1, b"")  # zeros
    whole = whole[:32768] + bytes(32768) + whole[32768:]
    at, table = 16 + 4 * (len(blocks) + 1), []
    for block in blocks:
        table.append(at)
        at += len(block)
    header = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07" + struct.pack("<IBBH", len(whole), 4, 15, 0)
    packed = header + struct.pack(f"<{len(table) + 1}I", *table, at) + b"".join(blocks)
    field = discs.rr(b"ZF", b"pz" + bytes([4, 15]) + discs.both(len(whole)))
    assert contents(iso({"f": packed}, raw={"f": field})) == {"f": whole}


def test_devices_have_no_bytes() -> None:
    field = discs.posix(0o20644)
    disc = Iso({"null": b""})
    disc._use = lambda node, itself: field + discs.name_fields(b"null") if not itself else Iso._use(disc, node, itself)  # type: ignore[method-assign]
    assert entries(disc.build())["null"].kind is Kind.OTHER


def test_programs_are_told_by_mode_and_first_bytes() -> None:
    program, script = b"\x7fELF".ljust(64, b"\0"), b"#!/bin/sh\n".ljust(64)
    disc = Iso({"elf": program, "sh": script, "data.elf": program, "short": program[:63]})
    mode = discs.posix(0o100755)
    names = {name: discs.name_fields(name.encode()) + mode for name in ("elf", "sh", "short")}
    use = disc._use
    disc._use = lambda node, itself: names[node.name] if node.name in names else use(node, itself)  # type: ignore[method-assign]
    walk = layer_of(disc.build()).walk(Wanted(re.compile(rb"sh"), programs=True), Budget(Limits()))
    assert [(entry.path, entry.program) for entry in walk] == [("elf", True), ("sh", False), ("short", False)]


def test_interleaved_files_are_refused() -> None:
    data = bytearray(iso({"file": NOISE}))
    at = data.index(b"\x06FILE;1") - 32
    data[at + 26] = 1
    with pytest.raises(Unsupported, match="interleaved"):
        entries(bytes(data))["file"].read(1 << 20)


def test_raw_sectors_are_told(tmp_path: Path) -> None:
    whole = iso(FILES)
    raw = b"".join(
        b"\0" + b"\xff" * 10 + b"\0" + bytes(4) + whole[at : at + SECTOR] + bytes(288)
        for at in range(0, len(whole), SECTOR)
    )
    with pytest.raises(ScanError, match="2352"):
        layer_of(raw)


def test_boot_images_are_named() -> None:
    disc = bytearray(Iso(FILES).build())
    boot = (b"\0CD001\x01EL TORITO SPECIFICATION".ljust(71, b"\0") + struct.pack("<I", 40)).ljust(SECTOR, b"\0")
    disc[17 * SECTOR : 18 * SECTOR] = boot
    disc[18 * SECTOR : 19 * SECTOR] = discs.END
    validation = b"\x01".ljust(30, b"\0") + b"\x55\xaa"
    catalog = validation + b"\x88".ljust(32, b"\0") + b"\x91\xef".ljust(32, b"\0") + b"\x88".ljust(32, b"\0")
    disc += bytes(max(0, 41 * SECTOR - len(disc)))
    place = disc[17 * SECTOR + 71 : 17 * SECTOR + 75] = struct.pack("<I", len(disc) // SECTOR)
    assert place
    disc += catalog
    origin = Origin(path=Path("x"), name="x", blob=Blob(buffer=bytes(disc), start=0, end=len(disc)), store=None)
    (entry,) = unit.read(origin, Budget(Limits())).coverage
    assert entry.state is CoverageState.SKIPPED
    assert (entry.detail or "").endswith("x86 BIOS, UEFI")


def test_packages_on_a_disc(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, iso(FILES))
    assert purls(report) == [BASH]
    assert report.target.type == "iso"
    assert not troubles(report)
