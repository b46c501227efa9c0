"""A compressed tree of more than may be spooled is read as it passes; an image archive needs its members at hand."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

from surveyor.scan.limits import Limits
from tests.images import DEBIAN, Oci, deb, docker_save, npm, purls, scan_bytes, tar, troubles

NOISE = random.Random(3).randbytes(3 << 20)
LIMITS = Limits(spool_bytes=1 << 20)
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


def test_a_large_tree_is_read_to_its_end(tmp_path: Path) -> None:
    tree = {"etc/os-release": DEBIAN, "noise": NOISE, "var/lib/dpkg/status": deb("bash", "5.2")}
    report = scan_bytes(tmp_path, gzip.compress(tar(tree), 1), limits=LIMITS)
    assert report.target.type == "rootfs"
    assert purls(report) == [BASH]
    assert not troubles(report)


def test_a_nested_one_too(tmp_path: Path) -> None:
    inner = gzip.compress(tar({"noise": NOISE, "app/node_modules/a/package.json": npm("a", "1")}), 1)
    report = scan_bytes(tmp_path, tar({"inner.tar.gz": inner}), limits=LIMITS)
    assert purls(report) == ["pkg:npm/a@1"]
    assert not troubles(report)


def test_an_image_is_cut_and_told(tmp_path: Path) -> None:
    layer = tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")})
    report = scan_bytes(tmp_path, gzip.compress(docker_save([layer, tar({"noise": NOISE})]), 1), limits=LIMITS)
    assert purls(report) == [BASH]
    assert "spooled" in " ".join(entry.detail or "" for entry in troubles(report))


def test_a_file_that_the_spool_has_no_room_for_costs_itself_alone(tmp_path: Path) -> None:
    large = random.Random(4).randbytes(17 << 20)
    tree = tar({"lib/large.jar": large, "app/node_modules/a/package.json": npm("a", "1")})
    report = scan_bytes(tmp_path, Oci().add([gzip.compress(tree, 1)]).tar(), limits=LIMITS)
    assert purls(report) == ["pkg:npm/a@1"]
    assert {entry.path for entry in troubles(report)} == {"lib/large.jar"}
