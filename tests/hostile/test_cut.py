"""Image archives that lack something and look whole: what is declared elsewhere gives them away."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from surveyor.scan.model import Coverage, CoverageState, Report, ScanStatus
from tests.images import DEBIAN, Oci, deb, docker_save, npm, pack, purls, scan_bytes, sha256, tar, troubles

FIRST = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2.15-2")}
#: The last entry's bytes do not fill their block, so that there is padding to be cut in.
LAST = {"app/node_modules/a/package.json": npm("a", "1"), "app/node_modules/b/package.json": npm("b", "1")}
BASH = "pkg:deb/debian/bash@5.2.15-2?arch=amd64&distro=debian-12"
A, B = "pkg:npm/a@1", "pkg:npm/b@1"
WHOLE = tar(LAST)


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]


def saved(layer: bytes) -> bytes:
    """A ``docker save`` of two layers, the second one's bytes replaced."""
    files = members(docker_save([tar(FIRST), WHOLE]))
    (path,) = (path for path, data in files.items() if data == WHOLE)
    return tar({**files, path: layer})


def laid_out(layer: bytes, form: str = "plain") -> bytes:
    """An OCI layout of two layers, the second one's blob replaced."""
    whole = pack(WHOLE, form)
    oci = Oci().add([tar(FIRST), whole])
    oci.files[blob(whole)] = layer
    return oci.tar()


def blob(data: bytes) -> str:
    return f"blobs/sha256/{sha256(data).removeprefix('sha256:')}"


def entries(report: Report) -> dict[str | None, Coverage]:
    return {entry.reason: entry for entry in troubles(report)}


#: One whole entry and its padding; then one whole entry and a part of the padding of the second.
AT_A_BOUNDARY = WHOLE[: WHOLE.index(b"app/node_modules/b")]
IN_THE_PADDING = WHOLE[: WHOLE.index(npm("b", "1")) + len(npm("b", "1")) + 100]

cuts = pytest.mark.parametrize(
    ("cut", "found"), [(AT_A_BOUNDARY, [BASH, A]), (IN_THE_PADDING, [BASH, A, B])], ids=["boundary", "padding"]
)


@cuts
def test_a_saved_layer_without_end_marker_is_whole_by_its_digest_only(
    tmp_path: Path, cut: bytes, found: list[str]
) -> None:
    report = scan_bytes(tmp_path, saved(cut))
    assert purls(report) == found
    (entry,) = troubles(report)
    assert (entry.what, entry.state, entry.reason) == ("acquire.layer", CoverageState.PARTIAL, "no_end_marker")
    assert entry.layer == sha256(WHOLE)
    assert (entry.path or "").endswith("/layer.tar")
    assert report.scan_status is ScanStatus.PARTIAL


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
def test_a_saved_layer_that_never_had_an_end_marker_is_whole(tmp_path: Path, form: str) -> None:
    bare = tar(LAST, end=False)
    files = members(docker_save([tar(FIRST), bare]))
    (path,) = (path for path, data in files.items() if data == bare)
    report = scan_bytes(tmp_path, tar({**files, path: pack(bare, form)}))
    assert purls(report) == [BASH, A, B]
    assert not troubles(report)
    assert [entry.reason for entry in report.coverage if entry.path == path] == ["no_end_marker"]


@cuts
def test_a_blob_shorter_than_its_descriptor(tmp_path: Path, cut: bytes, found: list[str]) -> None:
    report = scan_bytes(tmp_path, laid_out(cut))
    assert purls(report) == found
    seen = entries(report)
    assert set(seen) == {"wrong_size", "no_end_marker"}
    assert {(entry.layer, entry.path) for entry in seen.values()} == {(sha256(WHOLE), blob(WHOLE))}
    assert seen["wrong_size"].state is CoverageState.FAILED


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_a_blob_longer_than_its_descriptor_is_another_one(tmp_path: Path, form: str) -> None:
    report = scan_bytes(tmp_path, laid_out(pack(WHOLE, form) + bytes(512), form))
    assert set(entries(report)) == {"wrong_size"}


def test_a_manifest_that_is_not_the_one_named(tmp_path: Path) -> None:
    oci = Oci().add([tar(FIRST)])
    name = "blobs/sha256/" + str(oci.manifests[0]["digest"]).removeprefix("sha256:")
    oci.files[name] += b" "
    report = scan_bytes(tmp_path, oci.tar())
    assert purls(report) == [BASH]
    assert (entries(report)["wrong_digest"].path, entries(report)["wrong_digest"].state) == (name, "failed")


def test_a_saved_configuration_that_knows_of_more_layers(tmp_path: Path) -> None:
    files = members(docker_save([tar(FIRST), WHOLE]))
    manifest = json.loads(files["manifest.json"])
    manifest[0]["Layers"].pop()
    report = scan_bytes(tmp_path, tar({**files, "manifest.json": json.dumps(manifest).encode()}))
    assert purls(report) == [BASH]
    entry = entries(report)["layer_count"]
    assert (entry.path, entry.state) == (manifest[0]["Config"], CoverageState.PARTIAL)
    assert "1 layer," in (entry.detail or "")


def test_a_configuration_in_a_layout_that_knows_of_fewer_layers(tmp_path: Path) -> None:
    oci = Oci()
    config = oci.blob(json.dumps({"rootfs": {"diff_ids": ["sha256:" + "0" * 64]}}).encode(), "config")
    layers = [oci.blob(layer, "application/vnd.oci.image.layer.v1.tar") for layer in (tar(FIRST), WHOLE)]
    document = json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode()
    oci.manifests.append(oci.blob(document, "application/vnd.oci.image.manifest.v1+json"))
    report = scan_bytes(tmp_path, oci.tar())
    assert purls(report) == [BASH, A, B]
    assert set(entries(report)) == {"layer_count"}


@pytest.mark.parametrize("build", [docker_save, lambda layers: Oci().add(layers).tar()], ids=["saved", "layout"])
def test_a_configuration_that_is_not_there_is_told_and_hides_no_package(
    tmp_path: Path, build: Callable[[list[bytes]], bytes]
) -> None:
    files = members(build([tar(FIRST), WHOLE]))
    documents = [json.loads(data) for data in files.values() if data[:1] in b"[{" and b"ayers" in data]
    (name,) = [one[0]["Config"] for one in documents if isinstance(one, list)] or [
        "blobs/" + one["config"]["digest"].replace(":", "/") for one in documents if "config" in one
    ]
    report = scan_bytes(tmp_path, tar({one: data for one, data in files.items() if one != name}))
    assert purls(report) == [BASH, A, B]
    assert not troubles(report)
    (told,) = (entry for entry in report.coverage if entry.reason == "not_in_archive")
    assert (told.path, told.state) == (name, CoverageState.SKIPPED)


@pytest.mark.parametrize("build", [docker_save, lambda layers: Oci().add(layers).tar()], ids=["saved", "layout"])
def test_more_layers_than_are_looked_at(tmp_path: Path, build: Callable[[list[bytes]], bytes]) -> None:
    layers = [tar(FIRST), *(tar({f"f{number}": b""}) for number in range(512))]
    report = scan_bytes(tmp_path, build(layers))
    assert entries(report)["limit_exceeded"].state is CoverageState.PARTIAL


def test_an_outer_file_cut_between_two_members(tmp_path: Path) -> None:
    whole = docker_save([tar(FIRST), WHOLE])
    report = scan_bytes(tmp_path, whole[: whole.index(hashlib.sha256(b"1" + WHOLE).hexdigest().encode())])
    assert purls(report) == [BASH]
    assert {"acquire.file", "acquire.remains"} <= {entry.what for entry in troubles(report)}


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_a_tree_that_nobody_vouches_for(tmp_path: Path, form: str) -> None:
    data = tar({**FIRST, **LAST})
    report = scan_bytes(tmp_path, pack(data[: data.index(b"app/node_modules/b")], form))
    assert purls(report) == [BASH, A]
    assert report.scan_status is ScanStatus.PARTIAL
    assert "acquire.file" in {entry.what for entry in troubles(report)}
