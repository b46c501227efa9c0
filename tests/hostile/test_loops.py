"""Artifacts that lead into themselves: links in a circle in every format that has links, and what holds itself."""

from __future__ import annotations

import gzip
import io
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import cpios, discs, exts, quines, squash, udfs
from tests.apple import apfs, hfs, xar
from tests.images import Files, Link, Oci, deb, docker_save, npm, pack, purls, scan_bytes, tar, troubles

GOOD = "pkg:npm/good@1"
BESIDE = {"node_modules/good/package.json": npm("good", "1")}
SYSTEM: Files = {**BESIDE, "var/lib/dpkg/status": deb("bash", "1")}
LINKS: Files = {
    **SYSTEM,
    "etc/os-release": Link("../usr/lib/os-release"),
    "usr/lib/os-release": Link("../../etc/os-release"),
    "lib/apk/db/installed": Link("installed"),
    "usr/lib/self": Link("."),
    "a/b": Link("../b"),
    "b": Link("a/b"),
    "node_modules/x": Link("../node_modules"),
}
HARD: Files = {
    **SYSTEM,
    "h/package.json": Link("h/package.json", hard=True),
    "lib/apk/db/installed": Link("x/y", hard=True),
    "x/y": Link("lib/apk/db/installed", hard=True),
}


def zipped(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (0o120777 if isinstance(content, Link) else 0o100644) << 16
            archive.writestr(info, content.target if isinstance(content, Link) else content or b"")
    return out.getvalue()


TREES: dict[str, Callable[[Files], bytes]] = {
    "a.tar": tar,
    "docker.tar": lambda files: docker_save([tar(files)]),
    "oci.tar": lambda files: Oci().add([pack(tar(files), "gzip")]).tar(),
    "a.zip": zipped,
    "a.cpio": cpios.cpio,
    "a.iso": discs.iso,
    "udf.iso": udfs.udf,
    "a.ext4": exts.ext,
    "a.squashfs": squash.squashfs,
    "a.hfs": hfs.volume,
    "a.apfs": apfs.container,
    "a.xar": xar.xar,  # type: ignore[dict-item]
}


@pytest.mark.parametrize("name", TREES)
def test_links_in_a_circle_are_told_and_cost_nobody_else(tmp_path: Path, name: str) -> None:
    report = scan_bytes(tmp_path, TREES[name](LINKS), name)
    assert purls(report) == ["pkg:deb/bash@1?arch=amd64", GOOD]
    (entry,) = troubles(report)
    assert (entry.what, entry.reason) == ("acquire.links", "symlink")
    assert "lib/apk/db/installed" in (entry.detail or "")


@pytest.mark.parametrize("name", ["a.tar", "docker.tar", "oci.tar"])
def test_hard_links_in_a_circle_are_told_and_cost_nobody_else(tmp_path: Path, name: str) -> None:
    report = scan_bytes(tmp_path, TREES[name](HARD), name)
    assert purls(report) == ["pkg:deb/bash@1?arch=amd64", GOOD]
    (entry,) = troubles(report)
    assert (entry.what, entry.reason) == ("acquire.layer", "malformed")
    assert "2 hard links" in (entry.detail or "")


def test_a_gzip_file_of_itself(tmp_path: Path) -> None:
    data = quines.gzip()
    assert gzip.decompress(data) == data
    assert scan_bytes(tmp_path, data, "a.gz").scan_status == "unsupported"
    report = scan_bytes(tmp_path, tar({"a.tar.gz": data, **BESIDE}), "tree.tar")
    assert purls(report) == [GOOD]
    assert [(entry.path, entry.reason) for entry in troubles(report)] == [("a.tar.gz", "unsupported")]


@pytest.mark.parametrize("name", ["q.zip", "q.jar"])
def test_a_zip_of_itself(tmp_path: Path, name: str) -> None:
    data = quines.zip(name.encode())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read(name) == data
    assert troubles(scan_bytes(tmp_path, data, name))
    report = scan_bytes(tmp_path, tar({f"{at}/{name}": data for at in range(20)} | BESIDE), "tree.tar")
    assert purls(report) == [GOOD]
    told = {(entry.path or entry.asset or "").partition("/")[0] for entry in troubles(report)}
    assert told == set(map(str, range(20)))


SELF = b"SELF"


def holding(name: str, copies: int) -> Files:
    """A tree with files that are to become the whole of what they lie in."""
    return {**BESIDE, **{f"{number:02}/{name}": SELF + b"%02d" % number for number in range(copies)}}


def places(data: bytes, unit: int) -> list[int]:
    return [at // unit for at in range(0, len(data), unit) if data.startswith(SELF, at)]


def replaced(data: bytes, changes: dict[bytes, bytes]) -> bytes:
    for old, new in changes.items():
        assert data.count(old) == 1
        data = data.replace(old, new)
    return data


def iso(copies: int) -> bytes:
    data = discs.iso(holding("x.iso", copies))
    whole = discs.both(0) + discs.both(len(data))
    return replaced(data, {discs.both(at) + discs.both(6): whole for at in places(data, discs.SECTOR)})


def ext(copies: int) -> bytes:
    size = len(exts.ext(holding("x.ext4", copies)))

    def change(inode: bytes) -> bytes:
        """All blocks but the first, which is a hole and is of zeros."""
        out = bytearray(inode)
        struct.pack_into("<I", out, 4, size)
        struct.pack_into("<IHHI", out, 52, 1, size // exts.BLOCK - 1, 0, 1)
        return bytes(out)

    return exts.ext(holding("x.ext4", copies), inodes={"x.ext4": change})


def squashfs(copies: int) -> bytes:
    plain = {"pack": bytes, "fragments": False, "log": 20}
    size = len(squash.squashfs(holding("x.squashfs", copies), **plain))

    def change(inode: bytes) -> bytes:
        out = bytearray(inode)
        struct.pack_into("<I", out, 16, 0)
        struct.pack_into("<II", out, 28, size, size | 1 << 24)
        return bytes(out)

    return squash.squashfs(holding("x.squashfs", copies), inodes={"x.squashfs": change}, **plain)


def hfs_plus(copies: int) -> bytes:
    data = hfs.volume(holding("x.hfs", copies))
    whole = hfs.fork(len(data), [(0, len(data) // hfs.BLOCK)])
    return replaced(data, {hfs.fork(6, [(at, 1)]): whole for at in places(data, hfs.BLOCK)})


SELVES = {"x.iso": iso, "x.ext4": ext, "x.squashfs": squashfs, "x.hfs": hfs_plus}


@pytest.mark.parametrize("copies", [1, 30])
@pytest.mark.parametrize("name", SELVES)
def test_a_filesystem_in_itself(tmp_path: Path, name: str, copies: int) -> None:
    """Thirty of them, each with thirty: that would be almost a million at the depth to which artifacts are opened."""
    data, start = SELVES[name](copies), time.thread_time()
    report = scan_bytes(tmp_path, tar({f"whole/{name}": data, **BESIDE}), "tree.tar")
    assert time.thread_time() - start < 20
    assert purls(report) == [GOOD]
    assert any(place.path.startswith(f"whole/{name}!/") for one in report.packages for place in one.locations)
    told = troubles(report)
    assert told
    assert all("holds itself" in (entry.detail or "") or entry.count for entry in told)
