"""Package files and zips made to hurt: by count, by depth, by ratio, by headers that lie; told, at little cost."""

from __future__ import annotations

import gzip
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from surveyor.scan.limits import MIB, Limits
from surveyor.scan.model import Report
from tests.images import npm, pack, purls, scan_bytes, tar, troubles
from tests.packages import alpine, ar, crate, deb_file, gem, nupkg, pkginfo, zipped

LODASH = {"node_modules/lodash/package.json": npm("lodash", "4.17.15")}
FOUND = "pkg:npm/lodash@4.17.15"
SECONDS = 20.0  # of processor time; each takes a tenth of it


def told(report: Report) -> str:
    return " ".join(entry.detail or "" for entry in troubles(report)) + (report.error or "")


def directory_of(name: bytes, offset: int, size: int) -> bytes:
    """One entry of a central directory: a stored file."""
    fields = (b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return struct.pack("<4sHHHHHHIIIHHHHHII", *fields) + name


def zip_of(local: bytes, entries: list[bytes]) -> bytes:
    """A zip with a central directory of our own."""
    directory = b"".join(entries)
    count = len(entries) & 0xFFFF  # as writers without zip64 have it
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(directory), len(local), 0)
    return local + directory + end


def local_of(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, 0, len(data), len(data), len(name), 0) + name + data


def test_a_zip_of_many_entries_costs_little_and_ends_by_count(tmp_path: Path) -> None:
    data, name = npm("lodash", "4.17.15"), b"node_modules/lodash/package.json"
    entries = [directory_of(name, 0, len(data))]
    entries += [directory_of(b"data/%07d" % number, 0, 0) for number in range(200_000)]
    whole = zip_of(local_of(name, data), entries)
    start = time.thread_time()
    assert purls(scan_bytes(tmp_path, whole)) == [FOUND]
    assert time.thread_time() - start < SECONDS
    report = scan_bytes(tmp_path, whole, limits=Limits(entries=50_000))
    assert "more than 50,000 entries" in told(report)


def test_entries_of_one_zip_that_share_bytes_are_read_once(tmp_path: Path) -> None:
    data, name = npm("lodash", "4.17.15"), b"node_modules/lodash/package.json"
    entries = [directory_of(name, 0, len(data))]
    entries += [directory_of(b"n%d/node_modules/lodash/package.json" % number, 0, len(data)) for number in range(2_000)]
    report = scan_bytes(tmp_path, zip_of(local_of(name, data), entries))
    (package,) = report.packages
    assert len(package.locations) == 1
    assert "share the same bytes" in told(report)


@pytest.mark.parametrize("form", ["zip", "tar", "gzip", "xz"])
def test_archives_inside_archives_end_by_depth(tmp_path: Path, form: str) -> None:
    ending = {"zip": "zip", "tar": "tar", "gzip": "tgz", "xz": "tar.xz"}[form]
    inner = zipped(LODASH)
    for number in range(12):
        files = {f"n{number}/inner.{ending if number else 'zip'}": inner}
        inner = zipped(files) if form == "zip" else pack(tar(files), "plain" if form == "tar" else form)
    report = scan_bytes(tmp_path, inner, f"outer.{ending}")
    assert purls(report) == []
    assert "deep" in told(report)


def test_archives_inside_an_archive_share_one_budget(tmp_path: Path) -> None:
    bombs = {f"b{number}.tgz": pack(tar({"zeros": bytes(MIB)}), "gzip") for number in range(40)}
    report = scan_bytes(tmp_path, tar({**bombs, **LODASH}), limits=Limits(inflated_bytes=8 * MIB))
    assert purls(report) == [FOUND]
    assert "after decompression" in told(report)


def bomb(form: str) -> bytes:
    return pack(tar({"zeros": bytes(80 * MIB)}), form)


CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "gem whose metadata has no end": (
        lambda: tar({"metadata.gz": bomb("gzip"), "data.tar.gz": b"\x1f\x8b"}),
        "metadata",
    ),
    "gem whose data has no end": (
        lambda: tar({"metadata.gz": gzip.compress(b"name: a"), "data.tar.gz": bomb("zstd")}),
        "ratio",
    ),
    "deb whose control has no end": (
        lambda: ar({"debian-binary": b"2.0\n", "control.tar.xz": bomb("xz"), "data.tar": tar(LODASH)}),
        "ratio",
    ),
    "deb whose data has no end": (
        lambda: ar({"debian-binary": b"2.0\n", "control.tar": tar({"control": b"x"}), "data.tar.zst": bomb("zstd")}),
        "ratio",
    ),
    "deb of very many members": (
        lambda: ar({"debian-binary": b"2.0\n"}) + ar({"x": b""})[8:] * 20_000,
        "10,000 members",
    ),
    "crate of very many files": (
        lambda: pack(tar({f"a-1/{number}": b"" for number in range(25_000)} | {"a-1/Cargo.toml.orig": b""}), "gzip"),
        "",
    ),
    "Alpine package that says much": (lambda: alpine(pkginfo("a", "1") + b"x = y\n" * (MIB // 2)), "limit"),
    "specification of one tag without end": (lambda: nupkg(b"<metadata" + b" " * MIB), "limit"),
}


@pytest.mark.parametrize("case", CASES)
def test_package_files_made_to_hurt(tmp_path: Path, case: str) -> None:
    make, words = CASES[case]
    data = make()
    start = time.thread_time()
    report = scan_bytes(tmp_path, data, "upload")
    assert time.thread_time() - start < SECONDS
    assert words in told(report)
    assert not [one for one in purls(report) if "lodash" not in one]


@pytest.mark.parametrize(
    "name",
    ["../../etc/node_modules/a/package.json", "/node_modules/a/package.json", "a\0b/node_modules/a/package.json"],
)
def test_names_in_package_files_stay_inside(tmp_path: Path, name: str) -> None:
    report = scan_bytes(tmp_path, deb_file(files={name: npm("a", "1")}, form="gzip"), "a.deb")
    for package in report.packages:
        for location in package.locations:
            assert ".." not in location.path
            assert not location.path.startswith("/")


@pytest.mark.parametrize("make", [deb_file, gem, crate, alpine, nupkg])
def test_package_files_cut_at_each_boundary_never_break_the_scan(tmp_path: Path, make: object) -> None:
    whole = make()  # type: ignore[operator]
    size = 60 if whole.startswith(b"!<arch>") else 512
    plain = gzip.decompress(whole) if whole.startswith(b"\x1f\x8b") else whole
    for at in range(size, len(plain), size):
        report = scan_bytes(tmp_path, plain[:at], "upload")
        assert "internal_error" not in {entry.reason for entry in report.coverage}
