"""Programs given alone, and what a scan says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.events import Event
from surveyor.scan.limits import Limits
from surveyor.scan.model import ScanStatus, Tier
from tests import programs as made
from tests.images import pack, purls, scan, scan_bytes, troubles

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
