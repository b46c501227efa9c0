"""xar archives made to hurt: tables that explode or lie, places outside, names that lead out."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from surveyor.scan.acquire import xar as unit
from surveyor.scan.acquire.origin import open_origin
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Walk
from surveyor.scan.tree.xar import _tree
from tests.apple.xar import seal, xar
from tests.blobs import ALL
from tests.images import npm, purls, scan_bytes, troubles

WHOLE = xar({"a/node_modules/b/package.json": npm("b", "1"), "Payload": b"x" * 300})


def walked(tmp_path: Path, data: bytes, limits: Limits | None = None) -> tuple[list[str], Walk]:
    path = tmp_path / "a.xar"
    path.write_bytes(data)
    budget = Budget(limits or Limits())
    walk = unit.read(open_origin(path, path.name, budget), budget).images[0].layers[0].walk(ALL, budget)
    names = []
    for entry in walk:
        names.append(entry.path)
        try:
            entry.head(1 << 20)
        except ScanError:
            continue
    return names, walk


def file(name: str = "a", **data: object) -> str:
    inside = "".join(f"<{key}>{value}</{key}>" for key, value in data.items())
    return f'<file><name>{name}</name><data>{inside}<encoding style="application/x-gzip"/></data></file>'


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"xar!", Malformed),
        (WHOLE[:100], Malformed),
        (seal("", b"", packed=1 << 60), Malformed),
        (seal("", b"", length=1 << 60), LimitExceeded),
        (seal("", b"", length=1 << 20), Malformed),
        (seal("", b"", length=10), Malformed),
        (WHOLE[:6] + b"\0\x09" + WHOLE[8:], Unsupported),
        (WHOLE[:28] + bytes(40) + WHOLE[68:], Malformed),
        (seal(file(size="many"), b""), Malformed),
        (seal(file(size="9" * 40), b""), Malformed),
        (seal(file(offset="-1"), b""), Malformed),
        (seal('<file><name enctype="base64">A</name></file>', b""), Malformed),
        (seal("<file>" * 300, b""), LimitExceeded),
        (seal("<file/>" * 20, b"")[:60], Malformed),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, data: bytes, error: type[ScanError]) -> None:
    with pytest.raises(error):
        walked(tmp_path, data)


def test_a_table_with_entities_is_refused(tmp_path: Path) -> None:
    text = b'<!DOCTYPE xar [<!ENTITY a "aaaa">]><xar><toc><file><name>&a;</name></file></toc></xar>'
    table = zlib.compress(text)
    with pytest.raises(Unsupported):
        walked(tmp_path, struct.pack(">4sHHQQI", b"xar!", 28, 1, len(table), len(text), 1) + table)


def test_a_table_that_explodes(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="table of contents"):
        walked(tmp_path, seal("<file/>" * 1_600_000, b""), Limits(metadata_bytes=2 << 20))


def test_more_files_than_may_be(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded):
        walked(tmp_path, seal("<file/>" * 5000, b""), Limits(entries=1000))


def test_names_that_folders_repeat_take_no_memory(tmp_path: Path) -> None:
    folders = f"<file><name>{'n' * 9000}</name>" * 50
    data = seal(folders + "<file><name>a</name></file>" * 2000 + "</file>" * 50, b"")
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="bytes of names"):
        walked(tmp_path, data)
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


def test_files_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="files"):
        walked(tmp_path, seal("<file/>" * 100_001, b""))


def test_what_nobody_reads_of_a_table_is_not_kept() -> None:
    inside = "".join(f"<x{number}/><data><y{number}/></data>" for number in range(100))
    text = f"<xar><toc><file>{inside}<name>a</name><data><size>1</size></data></file></toc></xar>"
    (file_,) = _tree(memoryview(text.encode()), Budget(Limits())).inside
    assert file_.said == {"name": "a", "data.size": "1"}


@pytest.mark.parametrize(
    "data",
    [
        {"size": 1 << 50, "length": 100, "offset": 0},
        {"size": 100, "length": 1 << 50, "offset": 0},
        {"size": 100, "length": 100, "offset": 1 << 50},
        {"size": 1 << 40, "length": 1 << 40, "offset": 1 << 40},
    ],
)
def test_files_that_lie_outside(tmp_path: Path, data: dict[str, object]) -> None:
    tracemalloc.start()
    names, walk = walked(tmp_path, seal(file(**data) + file("b"), zlib.compress(b"abc").ljust(100, b"\0")))
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    assert sorted([*names, *(name.decode() for name in walk.closed.names)]) == ["a", "b"]


def test_a_file_that_explodes(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(100 << 20))
    elements = file("node_modules/a/package.json", size=100 << 20, length=len(bomb), offset=0)
    elements += file("b.pkg", size=1 << 34, length=len(bomb), offset=0)
    report = scan_bytes(tmp_path, seal(elements, bomb), "a.pkg", Limits(spool_bytes=64 << 20))
    assert not purls(report)
    assert troubles(report)


def test_names_that_lead_out_are_told(tmp_path: Path) -> None:
    names, walk = walked(tmp_path, seal(file("../up") + file("..") + file("/etc/x") + file(""), b""))
    assert names == ["etc/x"]
    assert walk.climbing.count == 2


def test_cut_anywhere_and_damage(tmp_path: Path) -> None:
    dice = random.Random(2)
    for at in range(0, len(WHOLE), 7):
        try:
            walked(tmp_path, WHOLE[:at] or b"x")
        except ScanError:
            continue
    for _ in range(300):
        data = bytearray(WHOLE)
        for _ in range(dice.randint(1, 5)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            walked(tmp_path, bytes(data))
        except ScanError:
            continue


def test_damage_inside_the_table(tmp_path: Path) -> None:
    dice = random.Random(3)
    size = struct.unpack_from(">Q", WHOLE, 8)[0]
    text = zlib.decompress(WHOLE[28 : 28 + size])
    for _ in range(300):
        data = bytearray(text)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.choice(b"<>/&'\"0a \xff")
        table = zlib.compress(data)
        head = struct.pack(">4sHHQQI", b"xar!", 28, 1, len(table), len(data), 1)
        try:
            walked(tmp_path, head + table + WHOLE[28 + size :])
        except ScanError:
            continue
