"""One image of several in a file, by name: that one is looked at, the others are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.model import Report, ScanStatus
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.images import DEBIAN, Oci, deb, purls, tar

IMAGES = {"shop": "1", "desk": "2", "nameless": "3"}
TAGS = {"shop": ["shop:1", "registry.example/shop:stable"], "desk": ["docker.io/library/desk:latest"], "nameless": None}


def layer(name: str) -> bytes:
    return tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb(name, IMAGES[name])})


def saved() -> bytes:
    """What ``docker save`` writes of several images."""
    manifest = [{"Config": "none.json", "RepoTags": TAGS[name], "Layers": [f"{name}/layer.tar"]} for name in IMAGES]
    files: dict[str, bytes] = {f"{name}/layer.tar": layer(name) for name in IMAGES}
    return tar({**files, "manifest.json": json.dumps(manifest).encode()})


def scan(path: Path, only: str | None, platform: str | None = None) -> Report:
    return engine.run(plan(str(path), only=only, platform=platform), Settings(), Progress())


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "images.tar"
    path.write_bytes(saved())
    return path


def test_a_file_of_several_images_goes_by_its_own_name(archive: Path) -> None:
    assert scan(archive, None).target.name == "images.tar"


@pytest.mark.parametrize(
    ("only", "found"),
    [
        ("shop:1", "shop"),
        ("docker.io/library/shop:1", "shop"),
        ("registry.example/shop:stable", "shop"),
        ("desk", "desk"),
        ("desk:latest", "desk"),
    ],
)
def test_the_image_of_a_name_is_looked_at_and_the_others_are_told(archive: Path, only: str, found: str) -> None:
    report = scan(archive, only)
    assert [package.name for package in report.packages] == [found]
    assert report.target.name == TAGS[found][0]  # type: ignore[index]
    others = [entry for entry in report.coverage if entry.reason == "not_chosen"]
    assert [entry.asset for entry in others] == [tags and tags[0] for name, tags in TAGS.items() if name != found]
    assert "image without a name is not the one that was chosen" in {entry.detail for entry in others}


def test_all_are_looked_at_unless_one_was_chosen(archive: Path) -> None:
    report = scan(archive, None)
    assert {package.name for package in report.packages} == set(IMAGES)
    assert not [entry for entry in report.coverage if entry.reason == "not_chosen"]


@pytest.mark.parametrize("only", ["shop", "shop:2", "Shop Of Words", "registry.example/desk", "sha256:" + "0" * 64])
def test_a_name_that_is_not_there_is_told_with_those_that_are(archive: Path, only: str) -> None:
    report = scan(archive, only)
    assert report.scan_status is ScanStatus.FAILED
    assert report.error is not None
    assert "desk:latest, registry.example/shop:stable, shop:1" in report.error


def test_a_name_and_a_platform_choose_together(tmp_path: Path) -> None:
    oci = Oci()
    for name, arch in (("shop", "amd64"), ("shop", "arm64"), ("desk", "arm64")):
        layers = [tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb(f"{name}-{arch}", "1")})]
        one = oci.manifest(layers, platform={"os": "linux", "architecture": arch})
        oci.index([one], annotations={"org.opencontainers.image.ref.name": f"{name}:1"})
    path = tmp_path / "images.tar"
    path.write_bytes(oci.tar())
    assert purls(scan(path, "shop:1", "linux/arm64")) == ["pkg:deb/debian/shop-arm64@1?arch=amd64&distro=debian-12"]
    digests = [entry.layer for entry in scan(path, None).coverage if entry.what == "acquire.image"]
    assert len(set(digests)) == 3
    chosen = scan(path, digests[0])
    assert len(chosen.packages) == 1
    assert [entry.layer for entry in chosen.coverage if entry.reason == "not_chosen"] == digests[1:]


def test_an_image_that_does_not_say_its_platform_is_looked_at_on_any(archive: Path) -> None:
    assert {package.name for package in scan(archive, None, "linux/arm64").packages} == set(IMAGES)
