"""The zip family: what kind a zip is by what it holds, which entries are read, and what is told of the others."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard

from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import Report, ScanStatus
from surveyor.scan.tree.entry import Blob, Wanted
from surveyor.scan.tree.zip import ZipLayer
from tests.images import jar, npm, pom, purls, python, scan_bytes, tar, troubles
from tests.packages import deflated64

LODASH = {"node_modules/lodash/package.json": npm("lodash", "4.17.15")}
WHEEL = {"a-1.dist-info/METADATA": python("a", "1"), "a-1.dist-info/WHEEL": b"Wheel-Version: 1.0\n"}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def crx(data: bytes, version: int) -> bytes:
    """A CRX: version 2 has a key and a signature before the zip, version 3 one header."""
    if version == 2:
        return b"Cr24" + struct.pack("<III", 2, 5, 7) + b"k" * 5 + b"s" * 7 + data
    return b"Cr24" + struct.pack("<II", 3, 9) + b"h" * 9 + data


CONDA = zipped(
    {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        "info-a-1-0.tar.zst": zstandard.compress(
            tar({"info/index.json": b'{"name": "a", "version": "1", "build": "h_0"}'})
        ),
        "pkg-a-1-0.tar.zst": zstandard.compress(tar({"site-packages/a-1.dist-info/METADATA": python("a", "1")})),
    },
    zipfile.ZIP_STORED,
)
KINDS = {
    "android-apk": zipped({"AndroidManifest.xml": b"", "classes.dex": b""}),
    "android-aab": zipped({"BundleConfig.pb": b"", "base/manifest/AndroidManifest.xml": b""}),
    "android-aar": zipped({"AndroidManifest.xml": b"<manifest/>", "classes.jar": jar(pom("g", "a", "1"))}),
    "ios-ipa": zipped({"Payload/A.app/Info.plist": b""}),
    "vscode-extension": zipped({"extension.vsixmanifest": b"", "extension/package.json": b"{}"}),
    "visual-studio-extension": zipped({"extension.vsixmanifest": b"", "manifest.json": b"{}"}),
    "nuget": zipped({"a.nuspec": b"<package/>"}),
    "python-wheel": zipped(WHEEL),
    "python-egg": zipped({"EGG-INFO/PKG-INFO": python("a", "1")}),
    "conda": CONDA,
    "java-ear": jar(("META-INF/application.xml", b"")),
    "java-war": jar(("WEB-INF/web.xml", b"")),
    "spring-boot": jar(("BOOT-INF/classes/a", b"")),
    "java-jar": jar(),
    "java-jmod": b"JM\x01\x00" + zipped({"classes/module-info.class": b""}),
    "browser-extension": zipped({"manifest.json": b'{"manifest_version": 3, "name": "a", "version": "1"}'}),
    "zip": zipped({"manifest.json": b'{"name": "a"}', "docs/AndroidManifest.xml": b""}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_zip_is_told_by_what_it_holds(tmp_path: Path, kind: str) -> None:
    assert scan_bytes(tmp_path, KINDS[kind], "upload").target.type == f"archive/{kind}"


def test_an_archive_of_classes_is_a_jar_by_its_name(tmp_path: Path) -> None:
    data = zipped({"org/acme/left/A.class": b""})
    report = scan_bytes(tmp_path, data, "left-2.1.jar")
    assert (report.target.type, purls(report)) == ("archive/java-jar", ["pkg:maven/org.acme.left/left@2.1"])
    assert scan_bytes(tmp_path, data, "left-2.1.zip").target.type == "archive/zip"


@pytest.mark.parametrize("version", [2, 3])
def test_a_crx_is_read_behind_its_header(tmp_path: Path, version: int) -> None:
    report = scan_bytes(tmp_path, crx(zipped({"manifest.json": b"{}", **LODASH}), version), "a.crx")
    assert report.target.type == "archive/browser-extension"
    assert purls(report) == ["pkg:npm/lodash@4.17.15"]
    assert not troubles(report)


@pytest.mark.parametrize("before", [b"#!/bin/sh\nexec java -jar $0\n", b"MZ" + bytes(500), b"\x7fELF" + bytes(500)])
def test_a_zip_behind_something_else_is_read(tmp_path: Path, before: bytes) -> None:
    report = scan_bytes(tmp_path, before + zipped(LODASH), "setup")
    assert purls(report) == ["pkg:npm/lodash@4.17.15"]
    assert purls(scan_bytes(tmp_path, before + jar(pom("g", "a", "1")), "app")) == ["pkg:maven/g/a@1"]


@pytest.mark.parametrize("size", [4, 17, 21, 22, 30])
def test_a_few_bytes_with_the_mark_of_an_end_are_no_zip(tmp_path: Path, size: int) -> None:
    report = scan_bytes(tmp_path, (b"abcdPK\x05\x06" + bytes(40))[:size], "x")
    assert report.scan_status is ScanStatus.UNSUPPORTED


def test_both_tars_of_a_conda_package_are_trees(tmp_path: Path) -> None:
    assert purls(scan_bytes(tmp_path, CONDA, "a.conda")) == ["pkg:conda/a@1?build=h_0", "pkg:pypi/a@1"]


def raw(
    name: str, packed: bytes, method: int, size: int, *, flags: int = 0, more: bytes = b"", count: int = 1
) -> bytes:
    """A zip of one entry, by hand."""
    title, check = name.encode(), zlib.crc32(b"")
    local = struct.pack("<4sHHHIIIIHH", b"PK\3\4", 63, flags, method, 0, check, len(packed), size, len(title), 0)
    body = local + title + packed
    central = struct.pack(
        "<4sHHHHIIIIHHHHHII",
        *(b"PK\1\2", 0x33F, 63, flags, method, 0, check, len(packed), size, len(title), 0, 0, 0, 0, 0, 0),
    )
    directory = central + title + more
    return body + directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)


def packed_as(method: int, data: bytes) -> bytes:
    if method == 14:
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
        properties = b"\x5d" + (1 << 16).to_bytes(4, "little")
        return b"\x13\x00\x05\x00" + properties + lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
    return {93: zstandard.compress, 95: lzma.compress}[method](data)


@pytest.mark.parametrize(("method", "flags"), [(93, 0), (95, 0), (14, 2), (14, 0)])
def test_rare_methods_are_read(tmp_path: Path, method: int, flags: int) -> None:
    data = npm("lodash", "4.17.15")
    report = scan_bytes(
        tmp_path, raw("node_modules/lodash/package.json", packed_as(method, data), method, len(data), flags=flags)
    )
    assert purls(report) == ["pkg:npm/lodash@4.17.15"]
    assert not troubles(report)


def test_deflate64_is_read(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, deflated64({**LODASH, "node_modules/b/package.json": npm("b", "1")}))
    assert purls(report) == ["pkg:npm/b@1", "pkg:npm/lodash@4.17.15"]
    assert not troubles(report)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_methods_of_other_writers_are_read(tmp_path: Path, method: int) -> None:
    assert purls(scan_bytes(tmp_path, zipped(LODASH, method))) == ["pkg:npm/lodash@4.17.15"]


@pytest.mark.parametrize(
    ("method", "flags", "why"),
    [(98, 0, "PPMd"), (1, 0, "shrink"), (250, 0, "250"), (8, 1, "encrypted")],
)
def test_what_cannot_be_read_is_told_with_its_reason(tmp_path: Path, method: int, flags: int, why: str) -> None:
    report = scan_bytes(tmp_path, raw("node_modules/a/package.json", b"12345", method, 5, flags=flags))
    assert report.scan_status is ScanStatus.PARTIAL
    (trouble,) = troubles(report)
    assert why in (trouble.detail or "")
    assert trouble.path == "node_modules/a/package.json"


def with_modes(files: dict[str, tuple[int, bytes]], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, (mode, data) in files.items():
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr, member.compress_type = 3, mode << 16, method
            archive.writestr(member, data)
    return out.getvalue()


def test_a_program_or_a_link_that_takes_too_much_costs_itself_alone(tmp_path: Path) -> None:
    ((name, package),) = LODASH.items()
    files = {"bin/x": (0o100755, bytes(99)), "node_modules/a/package.json": (0o120777, b"b"), name: (0o100644, package)}
    whole = bytearray(with_modes(files, zipfile.ZIP_LZMA))
    for large in ("bin/x", "node_modules/a/package.json"):
        # behind the first name: version, size and first byte of the properties, then the size of the dictionary
        at = whole.index(large.encode()) + len(large) + 5
        whole[at : at + 4] = b"\xff" * 4
    report = scan_bytes(tmp_path, bytes(whole))
    assert purls(report) == ["pkg:npm/lodash@4.17.15"]
    (trouble,) = [one for one in troubles(report) if "of memory" in (one.detail or "")]
    assert (trouble.path, trouble.count) == ("bin/x", 2)


def test_a_program_that_is_damaged_is_told(tmp_path: Path) -> None:
    whole = with_modes({"bin/x": (0o100755, b"\x7fELF" * 99)}, zipfile.ZIP_DEFLATED)
    at = whole.index(b"bin/x") + 5
    report = scan_bytes(tmp_path, whole[:at] + b"\xff" * 4 + whole[at + 4 :])
    assert "damaged" in detail(report)


def test_nothing_is_kept_of_files_that_are_no_programs() -> None:
    whole = with_modes({f"bin/{number}": (0o100755, bytes(64)) for number in range(50)}, zipfile.ZIP_STORED)
    layer = ZipLayer(blob=Blob(buffer=whole, start=0, end=len(whole)))
    walk = layer.walk(Wanted(re.compile(rb"(?!)"), programs=True), Budget(limits=Limits()))
    assert not list(walk)
    assert walk.entries == 50
    assert not walk._archive._read


def test_what_comes_before_the_limit_of_entries_is_found(tmp_path: Path) -> None:
    ((name, package),) = LODASH.items()
    files = {name: package, **{f"n{number}": b"" for number in range(9_000)}}
    whole = scan_bytes(tmp_path, zipped(files), "a.zip", limits=Limits(entries=9_001))
    assert (purls(whole), troubles(whole)) == (["pkg:npm/lodash@4.17.15"], [])
    cut = scan_bytes(tmp_path, zipped(files), "a.zip", limits=Limits(entries=6_000))
    assert (purls(cut), [one.reason for one in troubles(cut)]) == (["pkg:npm/lodash@4.17.15"], ["limit_exceeded"])


def test_a_symbolic_link_is_no_file(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("node_modules/a/package.json")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "../b/package.json")
        archive.writestr("node_modules/b/package.json", npm("b", "1"))
    report = scan_bytes(tmp_path, out.getvalue())
    assert purls(report) == ["pkg:npm/b@1"]
    assert not [one for one in troubles(report) if one.what == "catalog.npm"]


def detail(report: Report) -> str:
    return " ".join(one.detail or "" for one in troubles(report))


def test_a_directory_with_fewer_entries_than_it_claims_is_told(tmp_path: Path) -> None:
    data = npm("a", "1")
    report = scan_bytes(tmp_path, raw("node_modules/a/package.json", data, 0, len(data), count=3))
    assert purls(report) == ["pkg:npm/a@1"]
    assert "claims 3 entries and names 1" in detail(report)


def test_a_size_that_lies_costs_no_memory(tmp_path: Path) -> None:
    data = npm("a", "1")
    report = scan_bytes(tmp_path, raw("node_modules/a/package.json", data, 0, 0xFFFFFF00))
    assert purls(report) == []
    assert "limit" in detail(report) or "cut short" in detail(report)


@pytest.mark.parametrize("method", [93, 95, 14, 12, 8])
def test_noise_in_any_method_is_damage_and_no_more(tmp_path: Path, method: int) -> None:
    report = scan_bytes(tmp_path, raw("node_modules/a/package.json", b"\x07" * 900, method, 5000))
    assert purls(report) == []
    assert report.scan_status is ScanStatus.PARTIAL
    assert troubles(report)


@pytest.mark.parametrize("name", ["../../etc/node_modules/a/package.json", "/node_modules/a/package.json"])
def test_names_stay_inside_the_tree(tmp_path: Path, name: str) -> None:
    report = scan_bytes(tmp_path, raw(name, npm("a", "1"), 0, len(npm("a", "1"))))
    climbs = name.startswith("..")
    assert purls(report) == ([] if climbs else ["pkg:npm/a@1"])
    assert bool(troubles(report)) is climbs


def test_a_name_of_64_kilobytes_is_a_name(tmp_path: Path) -> None:
    name = "a/" * 32_000 + "node_modules/a/package.json"
    assert purls(scan_bytes(tmp_path, raw(name, npm("a", "1"), 0, len(npm("a", "1"))))) == ["pkg:npm/a@1"]
