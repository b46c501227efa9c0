"""Disk images and volumes made to hurt: loops end, lies are told, memory does not follow a number, the rest is read."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from surveyor.scan.acquire import dmg
from surveyor.scan.acquire.origin import open_origin
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Walk
from surveyor.scan.tree.koly import trailer_of
from surveyor.scan.tree.udif import Udif
from tests.apple import hfs, udif
from tests.blobs import ALL, blob
from tests.images import Link, npm, purls, scan_bytes, troubles

FILES: dict[str, object] = {
    "app/node_modules/a/package.json": npm("a", "1"),
    "b/packed": hfs.Packed(b"text " * 20_000, 4),
    "b/small": hfs.Packed(b"text " * 20, 3),
    "b/link": Link("app"),
    "b/hard": Link("app/node_modules/a/package.json", hard=True),
}
VOLUME = hfs.volume(FILES)


def opened(data: bytes, limits: Limits | None = None) -> Udif:
    trailer = trailer_of(blob(data))
    assert trailer
    return Udif(blob(data), trailer, Budget(limits or Limits()))


def walked(tmp_path: Path, data: bytes, limits: Limits | None = None) -> tuple[list[str], Walk]:
    """The names on the first volume, every file looked at."""
    path = tmp_path / "image"
    path.write_bytes(data)
    budget = Budget(limits or Limits())
    artifact = dmg.read(open_origin(path, path.name, budget), budget)
    walk = artifact.images[0].layers[0].walk(ALL, budget)
    names = []
    for entry in walk:
        names.append(entry.path)
        try:
            entry.head(1 << 20)
        except ScanError:
            continue
    return names, walk


def chunks(*rows: udif.Chunk, body: bytes = b"", sectors: int = 64, **more: int) -> bytes:
    return udif.wrap(body, [udif.mish(0, rows, **more)], sectors)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (chunks((1, 0, 8, 0, 4096), (1, 4, 8, 0, 4096)), "overlap"),
        (chunks((1, 8, 8, 0, 4096), (1, 0, 8, 0, 4096)), "overlap"),
        (chunks((0, 0, 8, 0, 0), (0, 0, 8, 0, 0)), "overlap"),
        (chunks((1, 0, 1 << 62, 0, 0)), "outside of any disk"),
        (chunks((1, (1 << 64) - 8, 8, 0, 0)), "outside of any disk"),
        (chunks((1, 0, 8, 1 << 63, 8)), "outside of any disk"),
        (chunks((1, 0, 8, 0, 4096), count=1 << 30), "more chunks than it holds"),
        (udif.wrap(b"", [], 8), "no table"),
        (udif.wrap(b"", [b"mish"], 8), "damaged"),
        (udif.wrap(b"", [b"mosh" + bytes(300)], 8), "damaged"),
        (udif.seal(b"x", b"<plist><dict/></plist>", 8), "no table"),
        (b"x" * 600 + udif.koly(500, 5000, 8), "outside the file"),
        (b"x" * 600 + udif.koly(1 << 63, 50, 8), "outside the file"),
        (b"x" * 600 + udif.koly(0, 600, 8), "no property list"),
    ],
)
def test_lying_tables_are_malformed(data: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        opened(data)


def test_a_property_list_without_end_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="property list"):
        opened(b"x" * 600 + udif.koly(0, 1 << 40, 8))


LONGER = {kind: udif.PACK[kind](bytes(range(256)) * 17) for kind in ("zlib", "bzip2", "lzma")}
WRONG = zlib.compress(bytes(range(256)) * 16)[:-1] + b"x"


@pytest.mark.parametrize(
    ("row", "body", "error"),
    [
        ((1, 0, 8, 1 << 40, 4096), b"", Malformed),
        ((udif.KINDS["zlib"], 0, 8, 0, 1 << 20), b"x", Malformed),
        ((udif.KINDS["zlib"], 0, 8, 0, 4096), bytes(4096), Malformed),
        ((udif.KINDS["bzip2"], 0, 8, 0, 4096), bytes(4096), Malformed),
        ((udif.KINDS["lzma"], 0, 8, 0, 4096), bytes(4096), Malformed),
        ((udif.KINDS["lzfse"], 0, 8, 0, 4096), bytes(4096), Malformed),
        ((udif.KINDS["adc"], 0, 8, 0, 4096), bytes(4096), Malformed),
        ((udif.KINDS["zlib"], 0, 8, 0, 20), zlib.compress(b"short").ljust(20, b"\0"), Malformed),
        ((udif.KINDS["zlib"], 0, 1 << 30, 0, 20), zlib.compress(b"short").ljust(20, b"\0"), LimitExceeded),
        ((udif.KINDS["zlib"], 0, 8, 0, 1 << 30), b"x", LimitExceeded),
        ((udif.KINDS["zlib"], 0, 8, 0, len(LONGER["zlib"])), LONGER["zlib"], Malformed),
        ((udif.KINDS["bzip2"], 0, 8, 0, len(LONGER["bzip2"])), LONGER["bzip2"], Malformed),
        ((udif.KINDS["lzma"], 0, 8, 0, len(LONGER["lzma"])), LONGER["lzma"], Malformed),
        ((udif.KINDS["zlib"], 0, 8, 0, len(WRONG)), WRONG, Malformed),
    ],
)
def test_lying_chunks(row: udif.Chunk, body: bytes, error: type[ScanError]) -> None:
    with pytest.raises(error):
        opened(chunks(row, body=body)).read(0, 4096)


def test_a_disk_of_nothing_costs_nothing() -> None:
    device = opened(chunks((0, 0, 1 << 48, 0, 0), sectors=1 << 48))
    tracemalloc.start()
    assert bytes(device.read(1 << 50, 4096)) == bytes(4096)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_chunk_that_many_share_is_counted_each_time() -> None:
    packed = zlib.compress(bytes(1 << 20))
    rows = [(udif.KINDS["zlib"], number * 2048, 2048, 0, len(packed)) for number in range(200)]
    device = opened(chunks(*rows, body=packed), Limits(inflated_bytes=64 << 20))
    with pytest.raises(LimitExceeded, match="after decompression"):
        all(device.read(number << 20, 10) for number in range(200))


def test_the_cache_of_chunks_is_bounded() -> None:
    packed = zlib.compress(bytes(8 << 20))
    rows = [(udif.KINDS["zlib"], number * 16384, 16384, 0, len(packed)) for number in range(40)]
    device = opened(chunks(*rows, body=packed))
    tracemalloc.start()
    for number in range(40):
        device.read(number * (8 << 20), 10)
    assert tracemalloc.get_traced_memory()[1] < 80 << 20
    tracemalloc.stop()


def test_a_few_bytes_of_a_chunk_do_not_hold_all_of_it() -> None:
    """Trees keep nodes, each of which may be of another chunk."""
    packed = zlib.compress(bytes(1 << 20))
    device = opened(chunks((udif.KINDS["zlib"], 0, 2048, 0, len(packed)), body=packed))
    assert len(device.read(4096, 512).obj) == 512  # type: ignore[arg-type]


def changed(*places: tuple[int, bytes], data: bytes = VOLUME) -> bytes:
    out = bytearray(data)
    for at, value in places:
        out[at : at + len(value)] = value
    return bytes(out)


CATALOG = struct.unpack_from(">I", VOLUME, 1024 + 272 + 16)[0] * hfs.BLOCK
LEAF = CATALOG + 4096


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (1024 + 40, bytes(4)),
        (1024 + 40, b"\xff\xff\xff\xff"),
        (1024 + 272 + 16, b"\xff\xff\xff\xff"),
        (1024 + 272, b"\xff" * 8),
        (CATALOG + 8, b"\xff"),
        (CATALOG + 32, b"\x00\x03"),
        (CATALOG + 36, bytes(4)),
        (LEAF, b"\x00\x00\x00\x01"),
        (LEAF, b"\x00\xff\xff\xff"),
        (LEAF + 8, b"\x00"),
        (LEAF + 10, b"\xff\xff"),
        (LEAF + 14, b"\xff\xff"),
        (LEAF + 4094, b"\x00\x00"),
        (LEAF + 4092, b"\xff\xff"),
    ],
)
def test_a_lying_catalog_is_told(tmp_path: Path, place: int, value: bytes) -> None:
    with pytest.raises(Malformed):
        walked(tmp_path, changed((place, value)))
    report = scan_bytes(tmp_path, changed((place, value)))
    assert report.error or troubles(report)


def test_a_circle_of_leaves_keeps_what_was_found(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, changed((LEAF, b"\x00\x00\x00\x01")))
    (entry,) = troubles(report)
    assert "circle" in (entry.detail or "")


def test_folders_in_a_circle_and_without_one(tmp_path: Path) -> None:
    volume = hfs.Volume({"a/b/file": b"1", "lost/file": b"2"})
    numbers = volume.folders
    records = [
        (order, (struct.pack(">HI", len(key) - 2, numbers["a/b"]) + key[6:], data))
        if data[:2] == b"\0\1" and struct.unpack(">I", data[8:12])[0] == numbers["a"]
        else (order, (key, data))
        for order, (key, data) in volume.catalog
        if struct.unpack(">I", data[8:12])[0] != numbers["lost"] or data[:2] != b"\0\1"
    ]
    volume.catalog = records
    names, walk = walked(tmp_path, volume.write())
    assert (
        sorted(names)
        == sorted([f"#{numbers['a/b']}/" + "/".join(["b", "a"] * 256 + ["b/file"]), f"#{numbers['lost']}/file"])
        or len(names) == 2
    )
    assert walk.closed.count == 2


def test_names_that_lead_out_are_told(tmp_path: Path) -> None:
    volume = hfs.Volume({"../up": b"1", "..": b"2", "ok/./x": b"3"})
    names, walk = walked(tmp_path, volume.write())
    assert not any(".." in name.split("/") for name in names)
    assert walk.climbing.count >= 2


def test_a_hard_link_to_nothing_is_told(tmp_path: Path) -> None:
    volume = hfs.Volume({"a": b"1"})
    volume.file(2, "hard", b"", kind=b"hlnkhfs+", special=99)
    names, walk = walked(tmp_path, volume.write())
    assert names == ["a"]
    assert walk.closed.names == [b"hard"]


@pytest.mark.parametrize("kind", [1, 3, 4, 7, 8, 10, 11, 12])
def test_compressed_files_that_claim_a_terabyte(tmp_path: Path, kind: int) -> None:
    tracemalloc.start()
    names, walk = walked(tmp_path, hfs.volume({"a": hfs.Packed(b"abc" * 100, kind, size=1 << 40), "b": b"1"}))
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()
    assert names == ["a", "b"]
    assert not walk.closed.count


def test_a_compressed_file_that_explodes(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, hfs.volume({"node_modules/a/package.json": hfs.Packed(bytes(20 << 20), 4), **FILES}))
    assert purls(report) == ["pkg:npm/a@1"]


def test_a_file_in_extents_that_are_missing(tmp_path: Path) -> None:
    volume = hfs.Volume({"a/torn": bytes(40 * 4096), "b": b"1"}, torn=True)
    del volume.extents[1:]
    names, walk = walked(tmp_path, volume.write())
    assert names == ["b"]
    assert walk.closed.names == [b"a/torn"]


@pytest.mark.parametrize(
    "wrap",
    [bytes, udif.image, lambda data: udif.guid_map([data]), lambda data: udif.image(udif.apple_map([data]), "lzfse")],
)
def test_cut_anywhere(tmp_path: Path, wrap: object) -> None:
    whole = wrap(VOLUME)  # type: ignore[operator]
    for at in {*range(0, len(whole), max(512, len(whole) // 60)), *range(len(whole) - 600, len(whole), 60)}:
        try:
            walked(tmp_path, whole[:at] or b"x")
        except ScanError:
            continue


def test_damage_raises_only_our_errors(tmp_path: Path) -> None:
    dice = random.Random(9)
    images = [VOLUME, udif.image(VOLUME, "raw"), udif.image(hfs.volume(FILES, torn=True), "zlib")]
    for number in range(250):
        data = bytearray(images[number % 3])
        # where the structures are, not the files
        places = [
            CATALOG + dice.randrange(8192) if dice.random() < 0.6 else dice.randrange(len(data)) for _ in range(9)
        ]
        for place in places:
            data[place % len(data)] = dice.randrange(256)
        try:
            walked(tmp_path, bytes(data), Limits(seconds=20))
        except ScanError:
            continue
