"""Artifacts made to hurt, or merely broken: what was found stays, what was not is said, and nothing is exhausted."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.limits import Limits
from surveyor.scan.model import Coverage, CoverageState, Kind, Report, ScanStatus
from surveyor.scan.plan import Request
from surveyor.scan.settings import Settings
from tests import images
from tests.images import (
    DEBIAN,
    Link,
    Oci,
    deb,
    docker_save,
    jar,
    npm,
    pack,
    pom,
    purls,
    scan,
    scan_bytes,
    sha256,
    tar,
    troubles,
)

MIB = 1 << 20
GOOD = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2.15-2")}
BASH = "pkg:deb/debian/bash@5.2.15-2?arch=amd64&distro=debian-12"
#: Bytes that do not compress, so that a cut falls where a test wants it.
NOISE = random.Random(1).randbytes(200_000)


def only(report: Report) -> Coverage:
    (entry,) = troubles(report)
    return entry


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
def test_a_layer_cut_short_keeps_what_came_before(tmp_path: Path, form: str) -> None:
    layer = pack(
        tar({**GOOD, "usr/lib/noise": NOISE, "usr/lib/node_modules/late/package.json": npm("late", "1")}), form
    )
    layer = layer[: len(layer) * 2 // 3]
    report = scan_bytes(tmp_path, Oci().add([layer, tar({"app/node_modules/a/package.json": npm("a", "1")})]).tar())
    assert purls(report) == [BASH, "pkg:npm/a@1"]
    entry = only(report)
    assert (entry.what, entry.state, entry.layer, entry.reason) == (
        "acquire.layer",
        CoverageState.FAILED,
        sha256(layer),
        "malformed",
    )
    assert report.scan_status is ScanStatus.PARTIAL


def test_an_outer_file_cut_in_its_last_layer(tmp_path: Path) -> None:
    layer = tar({**GOOD, "usr/lib/noise": NOISE})
    oci = Oci().add([layer])
    files = oci.layout()
    blob = files.pop(f"blobs/sha256/{sha256(layer)[7:]}")
    whole = tar({**files, f"blobs/sha256/{sha256(layer)[7:]}": blob})
    report = scan_bytes(tmp_path, whole[: len(whole) - 100_000])
    assert purls(report) == [BASH]
    assert {entry.what for entry in troubles(report)} == {"acquire.file", "acquire.layer"}
    assert all("cut short" in (entry.detail or "") for entry in troubles(report))


@pytest.mark.parametrize("outer", ["plain", "gzip", "zstd"])
def test_an_outer_file_cut_before_its_manifest(tmp_path: Path, outer: str) -> None:
    whole = docker_save([tar(GOOD), tar({"usr/lib/noise": NOISE})])
    packed = pack(whole[:150_000], outer)
    report = scan_bytes(tmp_path, packed if outer == "plain" else packed[:-12])
    assert report.target.type == "container"
    assert purls(report) == [BASH]
    assert {"acquire.file", "acquire.remains"} <= {entry.what for entry in troubles(report)}


def test_a_damaged_header_ends_a_layer_and_not_the_scan(tmp_path: Path) -> None:
    data = bytearray(tar({**GOOD, "x": b"1", "y": b"2"}))
    at = data.index(b"x\0")
    data[at] ^= 1
    report = scan_bytes(tmp_path, docker_save([bytes(data)]))
    assert purls(report) == [BASH]
    assert only(report).detail == "tar header has a wrong checksum"


def header(size: bytes, *, name: bytes = b"x", kind: bytes = b"0") -> bytes:
    """A ustar header with a size field of our own and a right checksum."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108] = b"0000644\0"
    block[124:136] = size
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (header(b"\xff" * 12), "negative"),
        (header(b"\x80" + b"\x7f" * 11), "cut short"),
        (header(b"77777777777\0"), "cut short"),
        (header(b"9999999999x\0"), "no number"),
        (header(b"00077777777\0", kind=b"x"), "extended header"),
        (header(b"00077777777\0", kind=b"L"), "extended header"),
        (header(b"00000000017\0", kind=b"x") + b"15 size=-9".ljust(512, b"\0"), "pax size"),
    ],
)
@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_sizes_that_lie(tmp_path: Path, block: bytes, words: str, form: str) -> None:
    layer = tar(GOOD, end=False)
    layer += bytes(-len(layer) % 512) + block + bytes(1024)
    report = scan_bytes(tmp_path, Oci().add([pack(layer, form)]).tar())
    assert purls(report) == [BASH]
    assert words in (only(report).detail or "")


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_a_layer_that_inflates_without_end(tmp_path: Path, form: str) -> None:
    bomb = pack(tar({**GOOD, "zeros": bytes(80 * MIB)}), form)
    assert len(bomb) < MIB
    report = scan_bytes(tmp_path, Oci().add([bomb]).tar(), limits=Limits(inflated_bytes=16 * MIB))
    assert purls(report) == [BASH]
    assert (only(report).state, only(report).reason) == (CoverageState.PARTIAL, "limit_exceeded")


def test_a_ratio_no_honest_layer_has(tmp_path: Path) -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(tar({**GOOD, "zeros": bytes(64 * MIB)}))
    report = scan_bytes(tmp_path, Oci().add([bomb]).tar())
    assert purls(report) == [BASH]
    assert "ratio" in (only(report).detail or "")


@pytest.mark.parametrize("outer", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_the_spool_is_bounded(tmp_path: Path, outer: object) -> None:
    data = outer(docker_save([tar(GOOD), tar({"usr/lib/noise": bytes(8 * MIB)})]))  # type: ignore[operator]
    report = scan_bytes(tmp_path, data, limits=Limits(spool_bytes=MIB))
    assert purls(report) == [BASH]
    assert "spooled" in " ".join(entry.detail or "" for entry in troubles(report))


def test_names_that_climb_out_are_refused_and_counted(tmp_path: Path) -> None:
    files = {
        "../../var/lib/dpkg/status": deb("outside", "1"),
        "a/../../node_modules/evil/package.json": npm("evil", "1"),
        "/absolute/node_modules/fine/package.json": npm("fine", "1"),
        "a/./b//../node_modules/also/package.json": npm("also", "1"),
    }
    report = scan_bytes(tmp_path, docker_save([tar(GOOD), tar(files)]))
    assert purls(report) == [BASH, "pkg:npm/also@1", "pkg:npm/fine@1"]
    assert (only(report).reason, only(report).count) == ("refused", 2)


@pytest.mark.parametrize(
    ("files", "distro"),
    [
        ({"etc/os-release": Link("os-release")}, None),
        ({"etc/os-release": Link("../usr/lib/os-release"), "usr/lib/os-release": Link("../../etc/os-release")}, None),
        ({"etc/os-release": Link("../../../../usr/lib/os-release"), "usr/lib/os-release": DEBIAN}, "debian"),
        ({"etc/os-release": Link("/usr/lib/os-release"), "usr/lib/os-release": DEBIAN}, "debian"),
        ({"etc/os-release": Link("/etc/shadow"), "usr/lib/os-release": DEBIAN}, "debian"),
    ],
)
def test_links_are_followed_inside_the_tree_and_not_for_ever(
    tmp_path: Path, files: dict[str, bytes | Link], distro: str | None
) -> None:
    report = scan_bytes(tmp_path, docker_save([tar({**files, "var/lib/dpkg/status": deb("bash", "1")})]))
    (package,) = report.packages
    assert (package.distro and package.distro.id) == distro
    assert package.namespace == distro


def test_a_directory_is_read_without_following_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "package.json").write_bytes(npm("secret", "1"))
    tree = tmp_path / "tree"
    modules = tree / "node_modules"
    modules.mkdir(parents=True)
    (modules / "dir").symlink_to(outside)
    (modules / "file").mkdir()
    (modules / "file" / "package.json").symlink_to(outside / "package.json")
    (modules / "loop").symlink_to(modules)
    (modules / "real").mkdir()
    (modules / "real" / "package.json").write_bytes(npm("real", "1"))
    report = scan(tree)
    assert purls(report) == ["pkg:npm/real@1"]
    assert [entry.count for entry in report.coverage if entry.reason == "symlink"] == [1]


def test_names_of_any_bytes(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        info = tarfile.TarInfo("caf\xe9/node_modules/a/package.json")
        info.size = len(npm("a", "1"))
        archive.addfile(info, io.BytesIO(npm("a", "1")))
    report = scan_bytes(tmp_path, docker_save([out.getvalue()]))
    assert report.packages[0].locations[0].path == "caf\\xe9/node_modules/a/package.json"


def test_a_hundred_thousand_entries(tmp_path: Path) -> None:
    one = bytearray(header(b"00000000000\0", name=b"opt/data/0000000"))
    blocks = []
    for number in range(100_000):
        name = b"opt/data/%07d" % number
        one[: len(name)] = name
        one[148:156] = b" " * 8
        one[148:156] = b"%06o\0 " % sum(one)
        blocks.append(bytes(one))
    report = scan_bytes(tmp_path, docker_save([tar(GOOD), b"".join(blocks)]))
    assert purls(report) == [BASH]
    assert not troubles(report)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(entries=2000), "entries"),
        (Limits(candidates=5), "package files"),
        (Limits(packages=5), "package records"),
        (Limits(seconds=0.0), "more than 0 s"),
    ],
)
def test_limits_end_the_scan_honestly(tmp_path: Path, limits: Limits, words: str) -> None:
    files = {f"n{number}/node_modules/a{number}/package.json": npm(f"a{number}", "1") for number in range(4000)}
    report = scan_bytes(tmp_path, docker_save([tar(files)]), limits=limits)
    assert report.scan_status in {ScanStatus.PARTIAL, ScanStatus.FAILED}
    entries = troubles(report) or [entry for entry in report.coverage if entry.state is CoverageState.FAILED]
    assert any(words in (entry.detail or "") for entry in entries)
    assert len(report.coverage) < 120


def test_many_broken_files_are_counted_and_not_all_told(tmp_path: Path) -> None:
    files = {f"n{number}/node_modules/a/package.json": b"{" for number in range(500)}
    report = scan_bytes(tmp_path, docker_save([tar({**files, **GOOD})]))
    assert purls(report) == [BASH]
    told = [entry for entry in troubles(report) if entry.what == "catalog.npm"]
    assert len(told) == 51
    assert told[0].path == "n0/node_modules/a/package.json"
    assert told[-1].count == 450


def test_a_file_too_large_to_hold_is_said_with_its_path(tmp_path: Path) -> None:
    files = {**GOOD, "opt/big.jar": b"PK\x03\x04" + bytes(3 * MIB)}
    report = scan_bytes(
        tmp_path, Oci().add([pack(tar(files), "gzip")]).tar(), limits=Limits(file_bytes=MIB, ratio=10**6)
    )
    entry = only(report)
    assert (entry.what, entry.path, entry.state) == ("catalog.jar", "opt/big.jar", CoverageState.PARTIAL)
    assert purls(report) == [BASH]


def test_a_java_archive_that_inflates_without_end(tmp_path: Path) -> None:
    inner = jar(("zeros", bytes(40 * MIB)), pom("g", "inner", "1"))
    for _ in range(2):
        inner = jar(("a.jar", inner), ("b.jar", bytes(80 * MIB)), pom("g", "outer", "1"))
    report = scan_bytes(tmp_path, inner, name="bomb.jar")
    assert purls(report) == ["pkg:maven/g/inner@1", "pkg:maven/g/outer@1"]
    assert "over the limit" in (only(report).detail or "")


def test_entries_that_share_bytes_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.jar", jar(pom("g", "a", "1")))
        archive.writestr("b.jar", jar(pom("g", "b", "1")))
        archive.writestr("META-INF/MANIFEST.MF", "")
    data = bytearray(out.getvalue())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02", data.rindex(b"a.jar") - 50) + 4)
    struct.pack_into("<I", data, second + 42, 0)  # the second entry now begins where the first does
    report = scan_bytes(tmp_path, bytes(data), name="x.ear")
    assert "share the same bytes" in (only(report).detail or "")
    assert purls(report) == ["pkg:maven/g/a@1"]


@pytest.mark.parametrize(("cut", "there"), [(10, True), (100, True), (300, False)])
def test_a_zip_cut_short_is_broken_and_not_foreign(tmp_path: Path, cut: int, there: bool) -> None:
    report = scan_bytes(tmp_path, jar(pom("g", "a", "1"))[:-cut])
    assert report.scan_status is ScanStatus.PARTIAL
    assert "zip has no central directory" in (only(report).detail or "")
    assert purls(report) == (["pkg:maven/g/a@1"] if there else [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\n" * 500,
        b"\x7fELF" + bytes(2000),
        b"\x89PNG\r\n\x1a\n" + NOISE,
        b"LRZI" + NOISE,
        bytes(10_240),
        gzip.compress(b"text", mtime=0),
        NOISE,
    ],
)
def test_what_is_not_ours_is_unsupported_in_one_sentence(tmp_path: Path, data: bytes) -> None:
    report = scan_bytes(tmp_path, data)
    assert report.scan_status is ScanStatus.UNSUPPORTED
    assert report.error
    assert "\n" not in report.error


def test_a_zip_that_is_cut_inside_its_last_record(tmp_path: Path) -> None:
    """Found by fuzzing: an end record of fewer bytes than one has."""
    report = scan_bytes(tmp_path, b"PK\x03\x04PK\x05\x06" + bytes(7) + b"\x91")
    assert report.scan_status is ScanStatus.FAILED
    assert "cut short" in (report.error or "")
    behind = scan_bytes(tmp_path, b"MK\x03\x04\x14\x00TsPK\x05\x06" + bytes(3))
    assert behind.scan_status is ScanStatus.UNSUPPORTED


def test_a_zip64_field_that_claims_more_than_there_is(tmp_path: Path) -> None:
    """Found by fuzzing: an extra field of 75 bytes that says it has 63,744."""
    whole = bytearray(jar(pom("g", "a", "1"), stored=True))
    at = whole.rindex(b"PK\x01\x02")
    end = whole.rindex(b"PK\x05\x06")
    entry = whole[at:end]
    entry[20:28] = b"\xff" * 8  # both sizes are in the extra field
    entry[30:32] = (8).to_bytes(2, "little")
    entry += b"\x01\x00\x00\xf9" + bytes(4)
    size = int.from_bytes(whole[end + 12 : end + 16], "little") + 8
    whole[end + 12 : end + 16] = size.to_bytes(4, "little")
    report = scan_bytes(tmp_path, bytes(whole[:at] + entry + whole[end:]))
    assert {entry.reason for entry in troubles(report)} <= {"malformed", "limit_exceeded"}


@pytest.mark.parametrize("manifest", [b"[", b'[{"Layers":["../../etc/passwd"]}]', b'[{"Layers":[3]}]'])
def test_a_broken_manifest_is_broken(tmp_path: Path, manifest: bytes) -> None:
    report = scan_bytes(tmp_path, tar({"manifest.json": manifest, "x/layer.tar": tar(GOOD)}))
    assert report.scan_status in {ScanStatus.FAILED, ScanStatus.PARTIAL}
    assert report.packages == ()


def test_a_manifest_in_a_directory_names_no_file_outside_it(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "image"
    (outside / "b").mkdir(parents=True)
    (folder / "own").mkdir(parents=True)
    (outside / "b" / "layer.tar").write_bytes(tar({"node_modules/secret/package.json": npm("secret", "1")}))
    (folder / "own" / "layer.tar").write_bytes(tar(GOOD))
    (folder / "a").symlink_to(outside)
    layers = [str(outside / "b" / "layer.tar"), "../outside/b/layer.tar", "a/b/layer.tar", "own/layer.tar"]
    (folder / "manifest.json").write_text(json.dumps([{"Layers": layers}]))
    report = scan(folder)
    assert purls(report) == [BASH]
    assert [entry.path for entry in troubles(report)] == layers[:3]


def test_a_list_of_nothing_is_no_manifest_and_the_tar_inside_is_a_tar(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, tar({"manifest.json": b"[{}]", "x/layer.tar": tar(GOOD)}))
    assert report.target.type == "source"
    assert [location.path for package in report.packages for location in package.locations] == [
        "x/layer.tar!/var/lib/dpkg/status"
    ]


def test_an_index_that_contains_itself_in_effect(tmp_path: Path) -> None:
    oci = Oci()
    inner = [oci.manifest([tar(GOOD)])]
    for _ in range(8):
        nested = Oci(files=oci.files).index(inner)
        inner = list(nested.manifests)
    oci.manifests = [*inner, oci.manifest([tar(GOOD)])]
    report = scan_bytes(tmp_path, oci.tar())
    assert purls(report) == [BASH]
    assert "nested too deep" in (only(report).detail or "")


def test_a_database_of_no_known_kind_is_said(tmp_path: Path) -> None:
    report = scan_bytes(
        tmp_path, docker_save([tar({"var/lib/rpm/rpmdb.sqlite": b"SQLite", "usr/lib/os-release": b"ID=fedora\n"})])
    )
    assert (only(report).what, only(report).reason, only(report).path) == (
        "catalog.rpm",
        "malformed",
        "var/lib/rpm/rpmdb.sqlite",
    )
    assert report.scan_status is ScanStatus.PARTIAL


def test_a_file_that_grows_a_gzip_tail_of_garbage(tmp_path: Path) -> None:
    layer = pack(tar(GOOD), "gzip") + b"garbage"
    assert purls(scan_bytes(tmp_path, Oci().add([layer]).tar())) == [BASH]


def test_a_wrong_checksum_at_the_end_is_seen(tmp_path: Path) -> None:
    layer = bytearray(pack(tar(GOOD), "gzip"))
    layer[-6] ^= 0xFF
    report = scan_bytes(tmp_path, Oci().add([bytes(layer)]).tar())
    assert purls(report) == [BASH]
    assert "damaged" in (only(report).detail or "")


def test_a_file_that_is_gone_is_a_failed_scan_and_no_crash(tmp_path: Path) -> None:
    request = Request(kind=Kind.ARTIFACT, source=str(tmp_path / "gone.tar"), slots=("artifact",))
    report = engine.run(request, Settings(), Progress())
    assert report.scan_status is ScanStatus.FAILED
    assert "No such file" in (report.error or "")


def test_events_of_hostile_names_are_one_line(tmp_path: Path) -> None:
    events: list[images.Event] = []
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save([tar({"a\n{}\x1b[31m/node_modules/b/package.json": b"{"})]))
    scan(path, events=events)
    assert all("\n" not in event.detail for event in events)
