"""One contract for every format: broken in any way it costs itself alone, and the scan says where.

Each artifact lies in a tar beside a good package: cut at many places, changed, nested, with names of any kind.
"""

from __future__ import annotations

import gc
import random
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import Report, ScanStatus
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.formats import FORMATS
from tests.images import Oci, jar, npm, pack, pom, purls, scan_bytes, tar, troubles

SEED = 20_261_125
GOOD = "pkg:npm/good@1.0.0"
BESIDE = {"app/node_modules/good/package.json": npm("good", "1.0.0")}


def beside(folder: Path, name: str, data: bytes) -> Report:
    """Scan a source tree with a good package, and with this file after and before it."""
    report = scan_bytes(folder, tar({f"0/{name}": data, **BESIDE}), "tree.tar")
    assert GOOD in purls(report)
    assert not [entry for entry in report.coverage if entry.reason == "internal_error"]
    return report


def named(report: Report, name: str) -> bool:
    """Whether the coverage says of this file that it could not be read."""
    return any(name in f"{entry.path} {entry.asset} {entry.detail}" for entry in troubles(report))


@pytest.mark.parametrize("name", FORMATS)
def test_cut_at_every_boundary_it_is_told_and_costs_nobody_else(tmp_path: Path, name: str) -> None:
    made = FORMATS[name]
    whole, before = made.make(), set[str]()
    found = set(purls(beside(tmp_path, name, whole)))
    for at in made.cuts(whole):
        report = beside(tmp_path, name, whole[:at])
        now = set(purls(report))
        assert now == found or named(report, name) or made.silent(whole, at), at
        # more bytes are never less packages; texts may end in a name or version that is not all of it
        assert made.endless or before <= now <= found, at
        before = now
    assert not made.ordered or before == found


@pytest.mark.parametrize("name", FORMATS)
def test_cut_at_every_boundary_alone_it_is_no_whole_scan(tmp_path: Path, name: str) -> None:
    made = FORMATS[name]
    whole, file = made.make(), name.rpartition("/")[2]
    entire = scan_bytes(tmp_path, whole, file)
    found = purls(entire)
    for at in made.cuts(whole) if entire.scan_status is not ScanStatus.UNSUPPORTED else ():
        report = scan_bytes(tmp_path, whole[:at], file)
        assert not [entry for entry in report.coverage if entry.reason == "internal_error"], at
        ended = report.scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}
        assert ended or troubles(report) or purls(report) == found or made.silent(whole, at), at


@pytest.mark.parametrize("name", ["a.tar.bz2", "a.tar.zst", "a.iso", "rootfs.img", "a.conda", "a.cdx.json"])
def test_what_is_broken_stays_open_no_longer_than_its_scan(tmp_path: Path, name: str) -> None:
    whole, held = FORMATS[name].make(), Path("/proc/self/fd")
    beside(tmp_path, name, whole)  # what is loaded once is there
    gc.collect()
    before = len(list(held.iterdir()))
    gc.disable()
    try:
        for at in range(1, 9):
            beside(tmp_path, name, whole[: len(whole) * at // 9])
            scan_bytes(tmp_path, whole[: len(whole) * at // 9], name)
        assert len(list(held.iterdir())) <= before + 2
    finally:
        gc.enable()


@pytest.mark.parametrize("name", FORMATS)
def test_changed_anywhere_it_costs_nobody_else(tmp_path: Path, name: str) -> None:
    whole, rng = FORMATS[name].make(), random.Random(f"{SEED}{name}")
    for change in CHANGES:
        for _ in range(3):
            beside(tmp_path, name, change(bytearray(whole), rng))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_again_and_again(tmp_path: Path, name: str) -> None:
    data = FORMATS[name].make()
    for depth in range(8):
        data = tar({f"{depth}/{name}" if not depth else f"{depth}/n.tar": data})
    report = beside(tmp_path, "n.tar", data)
    assert any("deep" in (entry.detail or "") for entry in troubles(report))


def _flip(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(8):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _number(data: bytearray, rng: random.Random) -> bytes:
    """A huge number where a header may have one."""
    at = rng.randrange(min(len(data), 1024)) & ~3
    form, value = rng.choice([("<I", 0xFFFFFFFF), (">I", 0x7FFFFFFF), ("<Q", 1 << 40), (">Q", (1 << 64) - 1)])
    data[at : at + struct.calcsize(form)] = struct.pack(form, value)
    return bytes(data)


def _double(data: bytearray, rng: random.Random) -> bytes:
    at, size = rng.randrange(len(data)), rng.choice([16, 512, 4096])
    return bytes(data[: at + size] + data[at:])


def _drop(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return bytes(data[:at] + data[at + rng.choice([1, 16, 512]) :])


CHANGES = (_flip, _number, _double, _drop)


@pytest.mark.parametrize("target", ["a.gz", "a.tar.gz"])
def test_a_stream_of_itself_without_end(tmp_path: Path, target: str) -> None:
    data = pack(bytes(30 << 20), "gzip")
    for _ in range(6):
        data = pack(data, "gzip")
    beside(tmp_path, target, data)


def test_a_zip_whose_entry_is_all_of_it(tmp_path: Path) -> None:
    name = b"a.zip"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 200, 200, len(name), 0) + name
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 200, 200, len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    report = beside(tmp_path, "a.zip", local + central + end)
    assert named(report, "a.zip")


@pytest.mark.parametrize("name", ["n" * 65_000, "../" * 3000 + "x", "/" * 5000 + "etc/x", "caf\udce9", "a\nb"])
def test_names_of_any_kind_beside_a_good_package(tmp_path: Path, name: str) -> None:
    beside(tmp_path, f"{name}.jar", jar(pom("g", "a", "1")))


def test_layers_read_by_several_threads_are_the_same_each_time(tmp_path: Path) -> None:
    """Threads draw on one budget and one overlay; two scans at once write one folder of kept layers."""
    layers = [
        pack(
            tar(
                {
                    f"l{layer}/n{number}/node_modules/p{layer}/package.json": npm(f"p{layer}-{number}", "1")
                    for number in range(60)
                }
            ),
            "gzip",
        )
        for layer in range(10)
    ]
    path = tmp_path / "image.tar"
    path.write_bytes(Oci().add(layers).tar())
    settings = Settings(layer_cache=tmp_path / "layers", layer_cache_bytes=1 << 24)

    def run(_: int) -> tuple[list[str], int]:
        events: list[Event] = []
        report = engine.run(plan(str(path)), settings, Progress(events.append))
        assert not troubles(report)
        return purls(report), sum(entry.count or 0 for entry in report.coverage if entry.what == "acquire.layer")

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(8)))
    assert all(result == results[0] for result in results)
    assert len(results[0][0]) == 600
    assert not list((tmp_path / "layers").rglob(".new-*"))
