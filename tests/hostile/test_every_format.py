"""One contract for every format: broken in any way it costs itself alone, and the scan says where.

Each artifact lies in a tar beside a good package: cut at many places, changed, nested, with names of any kind.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import Report
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests import cpios, discs, packages, programs, rpms, sboms, squash, udfs
from tests.apple import hfs, xar
from tests.images import DEBIAN, Oci, deb, docker_save, jar, npm, pack, pom, purls, scan_bytes, tar, troubles

SEED = 20_261_125
GOOD = "pkg:npm/good@1.0.0"
BESIDE = {"app/node_modules/good/package.json": npm("good", "1.0.0")}
NOISE = random.Random(1).randbytes(9_000)
SYSTEM = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2"), "srv/noise": NOISE}
TREE = tar({"lib/node_modules/inner/package.json": npm("inner", "1"), **SYSTEM})
#: File names and what is in them.
FORMATS: dict[str, Callable[[], bytes]] = {
    "a.tar": lambda: TREE,
    "a.tar.gz": lambda: pack(TREE, "gzip"),
    "a.tar.bz2": lambda: pack(TREE, "bzip2"),
    "a.tar.xz": lambda: pack(TREE, "xz"),
    "a.tar.lzma": lambda: pack(TREE, "lzma"),
    "a.tar.lz": lambda: pack(TREE, "lzip"),
    "a.tar.lz4": lambda: pack(TREE, "lz4"),
    "a.tar.zst": lambda: pack(TREE, "zstd"),
    "docker.tar": lambda: docker_save([TREE]),
    "oci.tar": lambda: Oci().add([pack(TREE, "gzip")]).tar(),
    "a.zip": lambda: packages.zipped({"lib/node_modules/inner/package.json": npm("inner", "1"), "noise": NOISE}),
    "a.jar": lambda: jar(pom("g", "inner", "1"), ("noise", NOISE)),
    "a.cpio": lambda: cpios.cpio({"lib/node_modules/inner/package.json": npm("inner", "1"), **SYSTEM}),
    "a.deb": packages.deb_file,
    "a.rpm": lambda: rpms.file(rpms.package("inner", "1"), pack(cpios.cpio(SYSTEM), "gzip")),
    "a.iso": lambda: discs.iso(SYSTEM),
    "udf.iso": lambda: udfs.udf(SYSTEM),
    "a.squashfs": lambda: squash.squashfs(SYSTEM),
    "a.dmg": lambda: hfs.wrapped(hfs.volume(SYSTEM)),
    "a.pkg": lambda: xar.xar({"Distribution": b"<x/>", "a.zip": packages.zipped(BESIDE)}),
    "a.gem": packages.gem,
    "a.crate": packages.crate,
    "a.apk": packages.apk,
    "a.nupkg": packages.nupkg,
    "a.conda": packages.conda,
    "a.cdx.json": sboms.cyclonedx_json,
    "a.cdx.xml": sboms.cyclonedx_xml,
    "a.spdx.json": sboms.spdx_json,
    "a.spdx": sboms.spdx_tag_value,
    "elf.so": programs.elf,
    "pe.dll": programs.pe,
    "macho.dylib": programs.macho,
}


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
def test_cut_anywhere_it_is_told_and_costs_nobody_else(tmp_path: Path, name: str) -> None:
    whole = FORMATS[name]()
    found = purls(beside(tmp_path, name, whole))
    # tag-value has no end to miss
    for at in () if name == "a.spdx" else {len(whole) * part // 12 for part in range(1, 12)} | {len(whole) - 1}:
        # before its descriptors a disc has nothing that says what it is
        if not (name == "a.iso" and at < 18 * 2048):
            report = beside(tmp_path, name, whole[:at])
            assert purls(report) == found or named(report, name), at


@pytest.mark.parametrize("name", FORMATS)
def test_changed_anywhere_it_costs_nobody_else(tmp_path: Path, name: str) -> None:
    whole, rng = FORMATS[name](), random.Random(f"{SEED}{name}")
    for change in CHANGES:
        for _ in range(3):
            beside(tmp_path, name, change(bytearray(whole), rng))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_again_and_again(tmp_path: Path, name: str) -> None:
    data = FORMATS[name]()
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
