"""Image archives as tools write them: each gives the packages of its newest state, with the layer they lie in."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from surveyor.scan.model import CoverageState, ScanStatus
from tests import images
from tests.images import (
    DEBIAN,
    Link,
    Oci,
    deb,
    docker_save,
    npm,
    pack,
    purls,
    python,
    scan,
    scan_bytes,
    sha256,
    tar,
    troubles,
)

STATUS = "var/lib/dpkg/status"
BASE = {
    "etc/os-release": Link("../usr/lib/os-release"),
    "usr/lib/os-release": DEBIAN,
    STATUS: deb("bash", "5.2.15-2+b2", source="bash (5.2.15-2)") + deb("expat", "2.5.0-1"),
    "opt/node_modules/lodash/package.json": npm("lodash", "4.17.15"),
    "opt/node_modules/@scope/left/package.json": npm("@scope/left", "1.0.0"),
}
APP = {
    STATUS: deb("bash", "5.2.15-2+b2", source="bash (5.2.15-2)") + deb("libexpat1", "2.5.0-1+deb12u1", source="expat"),
    "usr/lib/python3/site-packages/Django-3.2.0.dist-info/METADATA": python("Django", "3.2.0"),
    "opt/node_modules/.wh.lodash": b"",
}
EXPECTED = [
    "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2",
    "pkg:deb/debian/libexpat1@2.5.0-1%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=expat",
    "pkg:npm/%40scope/left@1.0.0",
    "pkg:pypi/django@3.2.0",
]


def check(report: images.Report, layers: list[bytes]) -> None:
    assert report.error is None
    assert report.target.type == "container"
    assert purls(report) == EXPECTED
    assert not troubles(report)
    where = {package.name: package.locations[0] for package in report.packages}
    assert where["django"].layer == sha256(layers[1])
    assert where["left"].layer == sha256(layers[0])
    assert where["bash"].path == STATUS


@pytest.mark.parametrize("linked", [False, True])
def test_docker_save(tmp_path: Path, *, linked: bool) -> None:
    layers = [tar(BASE), tar(APP)]
    report = scan_bytes(tmp_path, docker_save(layers, linked=linked))
    check(report, layers)
    assert report.target.name == "shop:1"
    assert report.target.digest == sha256(docker_save(layers, linked=linked))
    assert report.target.size == len(docker_save(layers, linked=linked))
    assert report.scan_status is ScanStatus.PARTIAL  # no advisory database
    assert [entry.reason for entry in report.coverage if entry.state is CoverageState.MISSING] == ["missing"]


@pytest.mark.parametrize("outer", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_compressed_archive(tmp_path: Path, outer: object) -> None:
    layers = [tar(BASE), tar(APP)]
    check(scan_bytes(tmp_path, outer(docker_save(layers))), layers)  # type: ignore[operator]


@pytest.mark.parametrize(
    "forms",
    [
        ("plain", "plain"),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip", "zstd"),
        ("zstd-chunked", "plain"),
        ("gzip2", "gzip2"),
        ("bzip2", "xz2"),
        ("lz4", "lzma"),
        ("lzip", "lz4-legacy"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "./"])
def test_oci_layers_are_told_by_their_bytes(tmp_path: Path, forms: tuple[str, str], prefix: str) -> None:
    layers = [pack(tar(files, prefix=prefix), form) for files, form in zip((BASE, APP), forms, strict=True)]
    check(scan_bytes(tmp_path, Oci().add(layers).tar(prefix=prefix)), layers)


def test_oci_directory(tmp_path: Path) -> None:
    layers = [pack(tar(BASE), "gzip"), tar(APP)]
    report = scan(Oci().add(layers).write(tmp_path / "layout"))
    check(report, layers)
    assert report.target.digest == Oci().manifest(layers)["digest"]


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
def test_a_layer_without_end_marker_is_whole_and_says_so(tmp_path: Path, form: str) -> None:
    layers = [pack(tar(BASE, end=False), form), pack(tar(APP, end=False), form)]
    report = scan_bytes(tmp_path, Oci().add(layers).tar())
    check(report, layers)
    notes = [entry for entry in report.coverage if entry.reason == "no_end_marker"]
    assert {entry.layer for entry in notes} == {sha256(layer) for layer in layers}


def test_every_image_of_an_index_is_reported_and_attestations_are_not(tmp_path: Path) -> None:
    def image(version: str) -> list[bytes]:
        return [tar({**BASE, STATUS: deb("bash", version)})]

    oci = Oci()
    amd, arm, gone = (
        oci.manifest(image(version), platform={"os": "linux", "architecture": arch})
        for version, arch in (("1-amd", "amd64"), ("1-arm", "arm64"), ("1-gone", "s390x"))
    )
    del oci.files["blobs/sha256/" + str(gone["digest"]).removeprefix("sha256:")]
    seal = oci.manifest(
        [b"{}"], media_type="application/vnd.in-toto+json", platform={"os": "unknown", "architecture": "unknown"}
    )
    oci.index([amd, arm, gone, seal], annotations={"org.opencontainers.image.ref.name": "shop:2"})
    report = scan_bytes(tmp_path, oci.tar())
    assert {package.version for package in report.packages if package.name == "bash"} == {"1-amd", "1-arm"}
    assert report.target.name == "shop:2"
    assert not troubles(report)
    reasons = {entry.reason: entry.layer for entry in report.coverage if entry.what == "acquire.oci"}
    assert reasons == {"attestation": seal["digest"], "not_in_archive": gone["digest"]}
    looked = [entry.detail for entry in report.coverage if entry.what == "acquire.image"]
    assert looked == ["1 layer, 5 entries, linux/amd64", "1 layer, 5 entries, linux/arm64"]


def test_whiteouts_hide_what_is_below_and_only_that(tmp_path: Path) -> None:
    def manifest(folder: str) -> str:
        return f"{folder}/package.json"

    base = {manifest(f"a/node_modules/{name}"): npm(name, "1") for name in ("kept", "removed", "replaced", "readded")}
    base |= {manifest("b/node_modules/opaque"): npm("opaque", "1"), manifest("c/node_modules/under"): npm("under", "1")}
    top = {
        "a/node_modules/.wh.removed": b"",
        manifest("a/node_modules/replaced"): npm("replaced", "2"),
        "a/node_modules/.wh.readded": b"",
        manifest("a/node_modules/readded"): npm("readded", "2"),
        "b/.wh..wh..opq": b"",
        manifest("b/node_modules/new"): npm("new", "2"),
        "c": Link("a"),
    }
    report = scan_bytes(tmp_path, docker_save([tar(base), tar(top)]))
    found = sorted(f"{package.name}@{package.version}" for package in report.packages)
    assert found == ["kept@1", "new@2", "readded@2", "replaced@2"]


def test_a_hidden_broken_file_is_nobodys_failure(tmp_path: Path) -> None:
    broken = {"a/node_modules/x/package.json": b"{"}
    report = scan_bytes(tmp_path, docker_save([tar(broken), tar({"a/node_modules/.wh.x": b""})]))
    assert not troubles(report)


def test_a_hard_link_is_read_where_it_points(tmp_path: Path) -> None:
    files = {
        "store/ab/cdef": npm("linked", "1.0.0"),
        "app/node_modules/linked/package.json": Link("store/ab/cdef", hard=True),
    }
    for form in ("plain", "gzip"):
        report = scan_bytes(tmp_path, Oci().add([pack(tar(files), form)]).tar())
        assert [(package.purl, package.locations[0].path) for package in report.packages] == [
            ("pkg:npm/linked@1.0.0", "app/node_modules/linked/package.json")
        ]


def test_duplicate_evidence_merges_and_versions_do_not(tmp_path: Path) -> None:
    files = {
        f"{place}/node_modules/lodash/package.json": npm("lodash", version)
        for place, version in (("a", "4.17.15"), ("b", "4.17.15"), ("c", "4.17.21"))
    }
    report = scan_bytes(tmp_path, docker_save([tar(files)]))
    assert purls(report) == ["pkg:npm/lodash@4.17.15", "pkg:npm/lodash@4.17.21"]
    assert [location.path[0] for location in report.packages[0].locations] == ["a", "b"]


def test_events_carry_the_stage_names_and_rise(tmp_path: Path) -> None:
    events: list[images.Event] = []
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save([tar(BASE), tar(APP)]))
    scan(path, events=events)
    stages = [event.stage for event in events]
    wanted = [
        "scan.start",
        "scan.open",
        "container.extract",
        "container.layers",
        "container.packages",
        "container.packages.app",
        "scan.done",
    ]
    assert [stage for stage in dict.fromkeys(stages) if stage in wanted] == wanted
    assert {"container.layers.timing", "container.osv.query", "scan.summary"} <= set(stages)
    rising = [event.pct for event in events if event.pct is not None]
    assert rising == sorted(rising)
    assert rising[-1] == 100


def test_a_bare_tag_names_no_image(tmp_path: Path) -> None:
    layer = images.tar({"etc/os-release": images.DEBIAN})
    for tag, told in (("1", "artifact"), ("shop:1", "shop:1")):
        oci = images.Oci().add([layer], annotations={"org.opencontainers.image.ref.name": tag})
        assert images.scan_bytes(tmp_path, oci.tar()).target.name == told
