"""RPM packages given alone: what they are, and what they would install, however the payload is packed."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.formats.rpm import header as tags
from surveyor.scan.model import CoverageState
from tests import cpios, rpms
from tests.images import Link, npm, pack, purls, scan_bytes, tar, troubles

FILES = {"./usr/lib/node_modules/a/package.json": npm("a", "1"), "./usr/share/doc/a": b"x" * 5000}
RPM = "pkg:rpm/nodejs-a@1-1.el9?arch=x86_64&epoch=2"


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd", "xz", "bzip2", "lzma"])
def test_every_compression_of_a_payload(tmp_path: Path, form: str) -> None:
    data = rpms.file(rpms.package("nodejs-a", "2:1-1.el9"), pack(cpios.cpio(FILES), form))
    report = scan_bytes(tmp_path, data)
    assert purls(report) == ["pkg:npm/a@1", RPM]
    assert not troubles(report)
    assert report.target.type == "archive/rpm"


def test_a_payload_of_stripped_entries_has_the_names_of_the_header(tmp_path: Path) -> None:
    """As rpm writes it where a file may be larger than 4 GB; the bytes of hard links come with the last."""
    bodies = {1: b"not wanted", 2: npm("a", "1")}
    more: dict[int, rpms.Value] = {
        tags.BASE_NAMES: [b"a.json", b"other", b"package.json", b"lib"],
        tags.DIR_NAMES: [b"/srv/", b"/usr/lib/node_modules/a/"],
        tags.DIR_INDEXES: [0, 0, 1, 0],
        tags.LONG_FILE_SIZES: [len(bodies[2]), 10, len(bodies[2]), 1 << 40],
        tags.FILE_MODES: [0o100644, 0o100644, 0o100644, 0o040755],
        tags.FILE_DEVICES: [1, 1, 1, 1],
        tags.FILE_INODES: [7, 8, 7, 9],
    }
    payload = cpios.stripped({0: b"", **bodies})
    report = scan_bytes(tmp_path, rpms.file(rpms.package("nodejs-a", "2:1-1.el9", more=more), payload))
    assert purls(report) == ["pkg:npm/a@1", RPM]
    assert not troubles(report)
    lying = cpios.stripped({99: b"x"})
    report = scan_bytes(tmp_path, rpms.file(rpms.package("nodejs-a", "2:1-1.el9", more=more), lying))
    assert purls(report) == [RPM]
    assert "file 99 of 4" in (troubles(report)[0].detail or "")


def test_a_package_that_says_who_built_it_is_of_that_distribution(tmp_path: Path) -> None:
    for vendor, version, purl in (
        (b"AlmaLinux", "1-1.el9_4", "pkg:rpm/almalinux/a@1-1.el9_4?arch=x86_64&distro=almalinux-9"),
        (b"Rocky Enterprise Software Foundation", "1-1.el8", "pkg:rpm/rocky/a@1-1.el8?arch=x86_64&distro=rocky-8"),
        (b"Fedora Project", "1-1.fc40", "pkg:rpm/fedora/a@1-1.fc40?arch=x86_64&distro=fedora-40"),
        (b"Microsoft Corporation", "1-1.azl3", "pkg:rpm/azurelinux/a@1-1.azl3?arch=x86_64&distro=azurelinux-3.0"),
        # EPEL's packages are nobody's distribution, and a tag alone says not whose
        (b"Fedora Project", "1-1.el9", "pkg:rpm/a@1-1.el9?arch=x86_64"),
        (b"Somebody", "1-1.el9", "pkg:rpm/a@1-1.el9?arch=x86_64"),
    ):
        header = rpms.package("a", version, more={tags.VENDOR: vendor})
        assert purls(scan_bytes(tmp_path, rpms.file(header, cpios.cpio({"a": b"1"})))) == [purl]


def test_a_payload_cut_short_leaves_the_package(tmp_path: Path) -> None:
    whole = rpms.file(rpms.package("nodejs-a", "2:1-1.el9"), pack(cpios.cpio(FILES), "xz"))
    report = scan_bytes(tmp_path, whole[:-60])
    assert RPM in purls(report)
    (entry,) = troubles(report)
    assert (entry.state, entry.path) == (CoverageState.FAILED, "payload")


def test_a_payload_of_another_format_is_told(tmp_path: Path) -> None:
    header = rpms.package("a", "1-1", more={tags.PAYLOAD_FORMAT: b"drpm"})
    report = scan_bytes(tmp_path, rpms.file(header, b"drpm"))
    assert "drpm" in (report.error or "")


def test_packages_in_a_folder_are_found_by_their_header(tmp_path: Path) -> None:
    files: dict[str, bytes | Link | None] = {
        f"mirror/Packages/p{number}-1-1.x86_64.rpm": rpms.file(rpms.package(f"p{number}", "1-1"), b"\xff" * 1000)
        for number in range(3)
    }
    files["mirror/Packages/broken.rpm"] = b"\xed\xab\xee\xdb" + bytes(200)
    report = scan_bytes(tmp_path, tar(files))
    assert purls(report) == [f"pkg:rpm/p{number}@1-1?arch=x86_64" for number in range(3)]
    assert [entry.path for entry in troubles(report)] == ["mirror/Packages/broken.rpm"]
