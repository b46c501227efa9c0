"""Artifacts inside artifacts: opened where they lie, on one budget, and told with the whole path."""

from __future__ import annotations

import io
import lzma
import random
import zipfile
from pathlib import Path

from surveyor.scan.limits import Limits
from surveyor.scan.model import CoverageState, Report, ScanStatus
from tests.images import DEBIAN, deb, docker_save, npm, pack, purls, scan_bytes, tar, troubles

LODASH = {"app/node_modules/lodash/package.json": npm("lodash", "4.17.15")}
ROOT = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def paths(report: Report) -> list[str]:
    return [location.path for package in report.packages for location in package.locations]


def test_a_tar_in_a_zip_in_a_tar(tmp_path: Path) -> None:
    inner = zipped({"deep/tree.tar.gz": pack(tar(LODASH), "gzip")})
    report = scan_bytes(tmp_path, tar({"a/b.zip": inner}), name="outer.tar")
    assert paths(report) == ["a/b.zip!/deep/tree.tar.gz!/app/node_modules/lodash/package.json"]
    assert not troubles(report)
    told = [entry for entry in report.coverage if entry.what == "acquire.nested"]
    assert [(entry.path, entry.count) for entry in told] == [("a/b.zip", 2)]


def test_an_image_in_a_zip_is_a_system(tmp_path: Path) -> None:
    image = docker_save([tar(ROOT), tar({"opt/.wh.app": b"", "srv/data.zip": zipped({"x": b"1"})})])
    report = scan_bytes(tmp_path, zipped({"image.tar": image, "app/node_modules/a/package.json": npm("a", "1")}))
    assert purls(report) == [BASH, "pkg:npm/a@1"]
    assert paths(report)[0] == "image.tar!/var/lib/dpkg/status"
    assert not troubles(report)


def test_archives_in_a_system_are_files_of_somebodys(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, docker_save([tar({**ROOT, "srv/backup.tar": tar(LODASH)})]))
    assert purls(report) == [BASH]
    rootfs = scan_bytes(tmp_path, tar({**ROOT, "srv/backup.tar": tar(LODASH)}))
    assert rootfs.target.type == "rootfs"
    assert purls(rootfs) == [BASH]


def test_a_system_that_says_so_late_is_one_all_the_same(tmp_path: Path) -> None:
    """Of more than so many members nobody lists all before they are walked."""
    files = {f"srv/{number}": b"1" for number in range(6_000)}
    report = scan_bytes(tmp_path, tar({"srv/backup.tar": tar(LODASH), "srv/cut.zip": b"PK\x03\x04", **files, **ROOT}))
    assert report.target.type == "rootfs"
    assert purls(report) == [BASH]
    assert not troubles(report)


def test_depth_is_bounded_and_told(tmp_path: Path) -> None:
    data = tar(LODASH)
    for level in range(6):
        data = tar({f"level{level}.tar": data, f"l{level}/node_modules/p{level}/package.json": npm(f"p{level}", "1")})
    report = scan_bytes(tmp_path, data, limits=Limits(depth=3))
    assert purls(report) == [f"pkg:npm/p{level}@1" for level in (2, 3, 4, 5)]
    (entry,) = troubles(report)
    assert (entry.what, entry.state, entry.reason) == ("acquire.nested", CoverageState.PARTIAL, "limit_exceeded")
    assert entry.path == "level5.tar!/level4.tar!/level3.tar!/level2.tar"


def test_all_of_them_draw_on_one_budget(tmp_path: Path) -> None:
    parts = {f"{name}.zip": zipped({f"node_modules/{name}/package.json": npm(name, "1")}) for name in "abc"}
    whole = scan_bytes(tmp_path, tar(parts), limits=Limits(packages=3))
    assert purls(whole) == ["pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1"]
    cut = scan_bytes(tmp_path, tar(parts), limits=Limits(packages=2))
    assert len(cut.packages) == 2
    assert {entry.reason for entry in troubles(cut)} == {"limit_exceeded"}


def test_more_than_a_hundred_are_counted(tmp_path: Path) -> None:
    inner = zipped(LODASH)
    report = scan_bytes(tmp_path, tar({f"{number:03}.zip": inner for number in range(107)}))
    told = [entry for entry in report.coverage if entry.what == "acquire.nested"]
    assert len(told) == 101
    assert (told[-1].count, (told[-1].detail or "")[:24]) == (7, "7 more artifacts inside:")


def test_a_stream_that_is_cut_is_told_and_what_came_before_is_read(tmp_path: Path) -> None:
    packed = pack(tar({**LODASH, "noise": random.Random(3).randbytes(90_000)}), "xz")
    report = scan_bytes(tmp_path, tar({"in/tree.tar.xz": packed[:-20]}))
    assert "in/tree.tar.xz" in {entry.path or entry.asset for entry in troubles(report)}


def test_a_broken_one_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    whole = zipped(LODASH)
    report = scan_bytes(tmp_path, tar({"cut.zip": b"PK\3\4" + whole[40:-30], "whole.zip": whole}))
    assert paths(report) == ["whole.zip!/app/node_modules/lodash/package.json"]
    (entry,) = troubles(report)
    assert (entry.what, entry.state, entry.path) == ("acquire.nested", CoverageState.FAILED, "cut.zip")


def test_one_without_its_directory_is_told_and_read_by_its_entries(tmp_path: Path) -> None:
    whole = zipped(LODASH)
    report = scan_bytes(tmp_path, tar({"cut.zip": whole[: len(whole) - 30]}))
    assert paths(report) == ["cut.zip!/app/node_modules/lodash/package.json"]
    (entry,) = troubles(report)
    assert "1 entry found by what stands before each" in (entry.detail or "")


def test_what_has_the_name_only_is_nobodys(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, tar({"notes.tar": b"not a tar", **LODASH}))
    assert purls(report) == ["pkg:npm/lodash@4.17.15"]
    assert not troubles(report)


def test_nested_bombs_stay_within_the_budget(tmp_path: Path) -> None:
    bomb = lzma.compress(bytes(64 << 20))
    report = scan_bytes(tmp_path, tar({"bomb.tar.xz": bomb, **LODASH}), limits=Limits(spool_bytes=1 << 20))
    assert purls(report) == ["pkg:npm/lodash@4.17.15"]
    assert report.scan_status is ScanStatus.PARTIAL


def test_a_name_that_only_begins_as_one_of_an_artifact_is_none(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, tar({"Payload": zipped(LODASH), "Payload.jar": zipped(LODASH)}))
    assert paths(report) == ["Payload!/app/node_modules/lodash/package.json"]
