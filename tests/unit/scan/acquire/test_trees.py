"""Targets that are no image: directories, plain tars and the zip family."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.limits import Limits
from surveyor.scan.model import Tier
from tests.images import DEBIAN, deb, jar, npm, pack, pom, purls, python, scan, scan_bytes, sha256, tar, troubles
from tests.packages import apk

ROOT = {"usr/lib/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}
SOURCE = {"shop-1.0/node_modules/lodash/package.json": npm("lodash", "4.17.15"), "shop-1.0/README": b"read me"}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("files", "type_", "found"), [(ROOT, "rootfs", BASH), (SOURCE, "source", "pkg:npm/lodash@4.17.15")]
)
@pytest.mark.parametrize("form", ["directory", "plain", "gzip", "zstd"])
def test_trees(tmp_path: Path, files: dict[str, bytes], type_: str, found: str, form: str) -> None:
    if form == "directory":
        report = scan(write(tmp_path / "tree", files))
        assert (report.target.digest, report.target.size) == (None, None)
    else:
        data = pack(tar(files, prefix="./"), form)
        report = scan_bytes(tmp_path, data)
        assert (report.target.digest, report.target.size) == (sha256(data), len(data))
    assert report.target.type == type_
    assert purls(report) == [found]
    assert report.packages[0].locations[0].layer is None
    assert not troubles(report)


def test_catalogers_say_what_they_looked_at_and_which_met_nothing(tmp_path: Path) -> None:
    report = scan(write(tmp_path / "tree", ROOT))
    details = {entry.what: entry.detail or "" for entry in report.coverage if entry.what.startswith("catalog")}
    others = details.pop("catalog").removeprefix("looked for and not met: ").split(", ")
    assert details == {"catalog.dpkg": "1 file, 1 record"}
    assert sorted([*others, "dpkg"]) == [unit.id for unit in CATALOGERS]


def test_an_archive_larger_than_what_is_read_of_a_file_is_reached_in_parts(tmp_path: Path) -> None:
    data = jar(pom("g", "a", "1"), ("filler", os.urandom(17 << 20)), stored=True)
    (tmp_path / "a.jar").write_bytes(data)
    report = scan(tmp_path, Limits(file_bytes=1 << 20))
    assert (purls(report), troubles(report)) == ([MAVEN], [])


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


INNER = jar(pom("g", "a", "1"))
WHEEL = {"x-1.dist-info/WHEEL": b"", "x-1.dist-info/METADATA": python("x", "1")}
MIXED = {"app/node_modules/b/package.json": npm("b", "1"), "a.jar": INNER}
MAVEN = "pkg:maven/g/a@1"


@pytest.mark.parametrize(
    ("data", "type_", "found"),
    [
        (INNER, "java-jar", [MAVEN]),
        (jar(("WEB-INF/lib/a.jar", INNER)), "java-war", [MAVEN]),
        (jar(("META-INF/application.xml", b"<x/>"), ("a.war", INNER)), "java-ear", [MAVEN]),
        (zipped(WHEEL), "python-wheel", ["pkg:pypi/x@1"]),
        (zipped(MIXED), "zip", [MAVEN, "pkg:npm/b@1"]),
        (apk(libraries={}), "android-apk", ["pkg:generic/com.example.shop@8.0.10"]),
    ],
    ids=["jar", "war", "ear", "wheel", "zip", "apk"],
)
def test_the_zip_family_is_told_by_what_is_inside(tmp_path: Path, data: bytes, type_: str, found: list[str]) -> None:
    report = scan_bytes(tmp_path, data, name="upload.bin")
    assert report.target.type == f"archive/{type_}"
    assert purls(report) == found
    assert not troubles(report)


def test_a_jar_is_guessed_by_the_name_it_came_with(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, jar(), name="guava-31.1-jre.jar")
    (package,) = report.packages
    assert (package.purl, package.tier) == ("pkg:maven/guava@31.1-jre", Tier.HEURISTIC)
    assert package.found_by == "jar@8"
