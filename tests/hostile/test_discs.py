"""Discs made to hurt: every loop ends, every wrong place is told, and what can be read still is."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import iso9660
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Walk, Wanted
from tests.discs import END, SECTOR, Iso, both, iso, name_fields, posix, rr
from tests.images import DEBIAN, deb, purls, scan_bytes, troubles
from tests.unit.scan.acquire.test_iso import ALL, entries, layer_of

FILES = {"a/b/deep": b"x", "etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def walked(data: bytes, limits: Limits | None = None) -> tuple[set[str], Walk]:
    walk = layer_of(data).walk(ALL, Budget(limits or Limits()))
    return {entry.path for entry in walk}, walk


def changed(data: bytes, name: bytes, at: int, value: bytes) -> bytes:
    """The disc with bytes of the record of one plain name changed, counted from the record's start."""
    out = bytearray(data)
    start = out.index(bytes([len(name)]) + name) - 32 + at
    out[start : start + len(value)] = value
    return bytes(out)


def test_a_directory_that_holds_itself() -> None:
    disc = Iso(FILES)
    found, walk = walked(changed(disc.build(), b"B", 2, both(disc.root.place)))
    assert found == {"etc/os-release", "var/lib/dpkg/status"}
    assert (walk.closed.paths, walk.closed.why) == (["a/b"], "directory is met a second time")


def test_directories_beyond_the_end() -> None:
    found, walk = walked(changed(iso(FILES), b"B", 2, both(0xFFFFFFF0)))
    assert found == {"etc/os-release", "var/lib/dpkg/status"}
    assert walk.closed.paths == ["a/b"]


def test_files_beyond_the_end(tmp_path: Path) -> None:
    data = changed(iso({**FILES, "app/package.json": b"{}"}), b"PACKAGE.JSON;1", 2, both(0xFFFFFFF0))
    report = scan_bytes(tmp_path, data)
    assert purls(report) == [BASH]
    (entry,) = troubles(report)
    assert (entry.reason, entry.path) == ("unreadable", "app/package.json")


def test_a_file_larger_than_the_disc() -> None:
    found, walk = walked(changed(iso(FILES), b"DEEP;1", 10, both(0xFFFFFFFF)))
    assert "a/b/deep" not in found
    assert walk.closed.count == 1


def test_records_shorter_than_a_record() -> None:
    for length in (1, 33, 34):
        found, walk = walked(changed(iso(FILES), b"DEEP;1", 0, bytes([length])))
        assert found == {"etc/os-release", "var/lib/dpkg/status"}
        assert (walk.closed.paths, walk.closed.why) == (["a/b"], "directory is damaged")


def test_directories_nested_without_end() -> None:
    path = "/".join(["d"] * 300)
    found, walk = walked(iso({path + "/x": b"", "y": b""}))
    assert found == {"y"}
    assert walk.closed.why == "directories are too deep"


@pytest.mark.parametrize("name", ["..", "a/../../x", "/etc/passwd"])
def test_names_that_lead_out(name: str) -> None:
    disc = Iso({"f": b"x", "g": b"y"})
    use = disc._use
    disc._use = lambda node, itself: rr(b"NM", b"\0" + name.encode()) if node.name == "f" else use(node, itself)  # type: ignore[method-assign]
    found, walk = walked(disc.build())
    assert found == {"g"}
    assert walk.climbing.count == 1


def test_a_name_with_a_zero_byte() -> None:
    disc = Iso({"f": b"x", "g": b"y"})
    use = disc._use
    disc._use = lambda node, itself: rr(b"NM", b"\0a\0b") if node.name == "f" else use(node, itself)  # type: ignore[method-assign]
    found, walk = walked(disc.build())
    assert found == {"g"}
    assert walk.closed.why == "name is damaged"


def test_continuation_areas_in_a_circle() -> None:
    disc = Iso({"f": b"x", "g": b"y"})
    place = disc.put(bytes(SECTOR))
    loop = rr(b"CE", both(place) + both(0) + both(28))
    disc.body[place] = loop
    disc.raw = {"f": loop}
    found, walk = walked(disc.build())
    assert found == {"g"}
    assert "without end" in walk.closed.why


@pytest.mark.parametrize(("block", "size"), [(0xFFFFFFF, 28), (20, 0xFFFFFFFF)])
def test_continuation_areas_outside(block: int, size: int) -> None:
    found, walk = walked(iso({"f": b"x", "g": b"y"}, raw={"f": rr(b"CE", both(block) + both(0) + both(size))}))
    assert found == {"g"}
    assert walk.closed.count == 1


def test_a_link_of_many_components_is_bounded() -> None:
    disc = Iso({"f": b"x", "g": b"y"})
    area = rr(b"SL", b"\1" + bytes([0, 8]) + b"a" * 8 + bytes([4, 0]) * 100) * 300
    place = disc.put(area)
    disc.raw = {"f": rr(b"CE", both(place) + both(0) + both(len(area)))}
    assert walked(disc.build())[0] == {"g"}
    disc = Iso({"f": b"x"}, raw={"f": rr(b"CE", both(place) + both(0) + both(8000))})
    disc.put(bytes(SECTOR))
    disc.body[place] = area
    assert len(entries(disc.build())["f"].target) < 16 << 10


def test_children_that_were_moved_in_a_circle() -> None:
    files = {"a/b/x": b"", "y": b""}
    twin = Iso(files, raw={"b": rr(b"CL", both(0))})
    twin.build()
    found, walk = walked(iso(files, raw={"b": rr(b"CL", both(twin.root.place))}))
    assert found == {"y"}
    assert walk.closed.paths == ["a/b"]


@pytest.mark.parametrize("sector", range(17, 40))
def test_cut_at_every_sector(sector: int) -> None:
    data = iso(FILES)
    try:
        found, walk = walked(data[: sector * SECTOR])
    except Malformed:
        return
    whole = len(data) <= sector * SECTOR
    assert bool(walk.closed.count) is not whole
    assert (len(found) == len(FILES)) is whole


def test_a_volume_without_a_root() -> None:
    data = bytearray(iso(FILES))
    data[16 * SECTOR + 158 : 16 * SECTOR + 166] = both(0xFFFFFFF)
    with pytest.raises(Malformed, match="root directory"):
        layer_of(bytes(data))


@pytest.mark.parametrize(
    "field", [b"NM\x05\x01", b"NM\xff\x01\0x", b"SL\x09\x01\0", b"PX\x2c\x01\0", b"CE\x1c\x01", b"ZF\x10\x01p"]
)
def test_fields_that_end_before_they_should(field: bytes) -> None:
    disc = Iso({"f": b"x", "g": b"y"})
    place = disc.put(b"")
    disc.body[place] = bytes(SECTOR - len(field)) + field
    start = SECTOR - len(field)
    disc.raw = {"f": rr(b"CE", both(place) + both(start) + both(len(field)))}
    found, walk = walked(disc.build())
    assert found == {"f", "g"}
    assert not walk.closed.count


def test_a_root_whose_fields_are_cut() -> None:
    data = bytearray(iso(FILES))
    place = struct.unpack_from("<I", data, 16 * SECTOR + 158)[0] * SECTOR
    data[place] = data.index(b"SP\x07\x01", place) - place + 6
    assert layer_of(bytes(data)).form == "ISO 9660"


@pytest.mark.parametrize("kind", [b"\x91", b"\x88", b"\x44"])
def test_a_boot_catalog_that_ends_inside_an_entry(kind: bytes) -> None:
    disc = bytearray(iso(FILES))
    place = struct.pack("<I", len(disc) // SECTOR)
    boot = (b"\0CD001\x01EL TORITO SPECIFICATION".ljust(71, b"\0") + place).ljust(SECTOR, b"\0")
    disc[17 * SECTOR : 19 * SECTOR] = boot + END
    disc += b"\x01".ljust(30, b"\0") + b"\x55\xaa" + kind
    assert iso9660.read_disc(memoryview(bytes(disc))).boots == ()


def test_a_zisofs_bomb_is_stopped() -> None:
    head = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07" + struct.pack("<IBBH", 0xFFFFFFFF, 4, 17, 0)
    packed = head + struct.pack("<I", 0) * 40_000
    field = rr(b"ZF", b"pz" + bytes([4, 17]) + both(0xFFFFFFFF))
    data = iso({"f": packed, "g": b""}, raw={"f": field})
    found, walk = walked(data)  # would be spooled, and turns out to be damaged
    assert (found, walk.closed.paths) == ({"g"}, ["f"])
    walk = layer_of(data).walk(ALL, Budget(Limits(spool_bytes=1 << 20)))
    entry = next(entry for entry in walk if entry.path == "f")
    with pytest.raises(LimitExceeded):
        entry.read(64 << 20)
    with pytest.raises(Malformed):
        entry.head(1 << 20)


@pytest.mark.parametrize("magic", ["37e45396c9dbd607", "ef2255a1bc1b95a0"])
def test_a_program_that_cannot_be_unpacked_is_told_and_costs_only_itself(magic: str) -> None:
    field = rr(b"ZF", b"PZ" + bytes([6, 15]) + struct.pack("<Q", 200))
    disc = Iso({"f": bytes.fromhex(magic).ljust(100, b"\xff"), "g": b""})
    use, own = disc._use, name_fields(b"f") + posix(0o100755) + field
    disc._use = lambda node, itself: own if node.name == "f" else use(node, itself)  # type: ignore[method-assign]
    walk = layer_of(disc.build()).walk(Wanted(re.compile(rb"g"), programs=True), Budget(Limits()))
    assert [entry.path for entry in walk] == ["g"]
    assert walk.closed.paths == ["f"]


def test_many_entries_are_counted() -> None:
    files = {f"d{number}/f": b"" for number in range(3000)}
    with pytest.raises(LimitExceeded):
        walked(iso(files), Limits(entries=2000))
