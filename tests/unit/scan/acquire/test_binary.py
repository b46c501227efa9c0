"""Programs given alone, and what a scan says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.events import Event, Progress
from surveyor.scan.limits import Limits
from surveyor.scan.model import Report, ScanStatus, Tier
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests import programs as made
from tests.images import DEBIAN, deb, docker_save, pack, purls, scan, scan_bytes, tar, troubles
from tests.unit.scan.acquire.test_trees import zipped

FOUND = [
    "pkg:golang/example.com/shop@v0.0.0-20240506070809-0123456789ab",
    "pkg:golang/github.com/fork/sys@v0.2.0",
    "pkg:golang/github.com/gorilla/mux@v1.8.0",
    "pkg:golang/stdlib@1.22.1",
]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (made.elf({".go.buildinfo": made.go_inline()}), "binary/elf"),
        (made.pe({".text": b"\xc3", ".data": made.go_inline()}), "binary/pe"),
        (made.macho({"__DATA,__go_buildinfo": made.go_inline()}), "binary/mach-o"),
        (made.fat(made.macho(), made.macho({"__DATA,__go_buildinfo": made.go_inline()})), "binary/mach-o"),
    ],
)
def test_a_program_alone(tmp_path: Path, data: bytes, told: str) -> None:
    report = scan_bytes(tmp_path, data, "shop")
    assert report.target.type == told
    assert purls(report) == FOUND
    assert not troubles(report)
    assert {package.purl for package in report.packages if package.tier is Tier.HEURISTIC} == {FOUND[0]}
    assert all(package.locations[0].path == "shop" for package in report.packages)


def test_a_compressed_program(tmp_path: Path) -> None:
    assert purls(scan_bytes(tmp_path, pack(made.elf({".go.buildinfo": made.go_inline()}), "gzip"))) == FOUND


def test_a_program_tells_its_steps_by_name(tmp_path: Path) -> None:
    events: list[Event] = []
    path = tmp_path / "shop"
    path.write_bytes(made.elf({".go.buildinfo": made.go_inline()}))
    scan(path, events=events)
    told = {event.stage: event.detail for event in events}
    assert told["binary.type"] == "elf"
    assert told["binary.packages.app"] == "go=4"
    assert {"binary.extract", "binary.layers", "binary.layers.timing", "binary.osv.query", "scan.done"} <= set(told)


def test_a_go_program_that_hides_its_modules_is_told(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, made.elf({".gopclntab": b"x", ".rodata": b"y"}))
    (entry,) = troubles(report)
    assert (entry.what, entry.reason) == ("catalog.go", "unsupported")
    assert report.scan_status is ScanStatus.PARTIAL


@pytest.mark.parametrize("size", [20, 63, 64, 100])
def test_a_program_that_is_cut_short_is_no_clean_scan(tmp_path: Path, size: int) -> None:
    report = scan_bytes(tmp_path, made.elf({".rodata": b"x" * 100}, needed=("libc.so.6",))[:size])
    assert report.scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}


def test_a_program_for_dos_is_not_supported(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, b"MZ" + bytes(58) + b"\x40\0\0\0" + b"NE" + bytes(60))
    assert report.scan_status is ScanStatus.UNSUPPORTED


def test_a_list_of_crates_that_inflates_without_end_is_cut(tmp_path: Path) -> None:
    bomb = made.zlib.compress(b'{"packages":[' + b" " * (64 << 20))
    report = scan_bytes(tmp_path, made.elf({".dep-v0": bomb}), limits=Limits())
    (entry,) = troubles(report)
    assert (entry.what, entry.reason) == ("catalog.rust", "limit_exceeded")


SYSTEM = {
    "usr/lib/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("shop", "1"),
    "var/lib/dpkg/info/shop.list": b"/.\n/usr/lib/owned.so\n/lib/merged.so\n",
}
FIXED = made.elf({".rodata": b"\0OpenSSL 3.0.11 19 Sep 2023\0"}, kind=2)


def weak(report: Report) -> dict[str, list[str | None]]:
    return {found.rule: [asset.path for asset in found.assets] for found in report.findings}


def test_of_an_image_only_programs_that_are_nobodys_are_judged(tmp_path: Path) -> None:
    base = tar({**SYSTEM, "usr/lib/owned.so": FIXED, "usr/lib/merged.so": FIXED, "usr/lib/mine.so": FIXED})
    report = scan_bytes(tmp_path, docker_save([base, tar({"opt/shop/later.so": FIXED})]))
    assert weak(report) == {"hardening_pie": ["opt/shop/later.so", "usr/lib/mine.so"]}
    assert all(asset.layer for found in report.findings for asset in found.assets)
    (package,) = (package for package in report.packages if package.type == "generic")
    assert {place.path for place in package.locations} == {"opt/shop/later.so", "usr/lib/mine.so"}
    assert {"hardening_pie", "hardening_relro"} <= report.scanner["units"].keys()  # type: ignore[attr-defined]


def test_what_a_newer_layer_removes_is_not_judged(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, docker_save([tar({**SYSTEM, "opt/a.so": FIXED}), tar({"opt/.wh.a.so": b""})]))
    assert weak(report) == {}


def test_programs_inside_archives_inside_archives_are_judged(tmp_path: Path) -> None:
    inner = zipped({"lib/a.so": FIXED, "a-1.dist-info/WHEEL": b""})
    report = scan_bytes(tmp_path, tar({"wheels/a-1-py3-none-any.whl": inner, "b.so": FIXED}))
    assert weak(report) == {"hardening_pie": ["b.so", "wheels/a-1-py3-none-any.whl!/lib/a.so"]}
    looked = [entry for entry in report.coverage if entry.what == "check.hardening"]
    assert [entry.count for entry in looked] == [2]


def test_a_damaged_program_is_told_and_the_rest_is_judged(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, zipped({"cut.so": FIXED[:90], "b.so": FIXED}))
    assert weak(report) == {"hardening_pie": ["b.so"]}
    assert {entry.path for entry in troubles(report)} == {"cut.so"}


def test_a_layer_from_the_cache_says_the_same_of_its_programs(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save([tar({**SYSTEM, "opt/a.so": FIXED})]))
    settings = Settings(layer_cache=tmp_path / "cache")
    first, again = (engine.run(plan(str(path)), settings, Progress()) for _ in range(2))
    assert weak(first) == weak(again) == {"hardening_pie": ["opt/a.so"]}
