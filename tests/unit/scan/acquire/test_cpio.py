"""cpio archives given alone: every format, hard links, parts that follow each other, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.model import CoverageState, Report
from tests import cpios
from tests.discs import iso
from tests.images import DEBIAN, Link, deb, npm, pack, purls, scan_bytes, tar, troubles

FORMS = ("newc", "crc", "odc", "binary", "binary-big")
A, B = "srv/node_modules/a/package.json", "srv/node_modules/b/package.json"
ROOT = {"init": b"#!/bin/sh\n", "etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"
EARLY = {"kernel/x86/microcode/AuthenticAMD.bin": bytes(range(256)) * 5}


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def scan(folder: Path, data: bytes) -> Report:
    return scan_bytes(folder, data, "initrd.img")


@pytest.mark.parametrize("form", FORMS)
def test_every_format(tmp_path: Path, form: str) -> None:
    files: cpios.Files = {
        "srv": None,
        A: npm("a", "1"),
        "srv/odd": b"x" * 70_001,
        "srv/link": Link("odd"),
        B: npm("b", "22"),
    }
    report = scan(tmp_path, cpios.cpio(files, form=form))
    assert purls(report) == ["pkg:npm/a@1", "pkg:npm/b@22"]
    assert not troubles(report)
    assert report.target.type == "archive/cpio"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wanted_last", [True, False])
def test_hard_links_have_the_bytes_of_their_file(tmp_path: Path, form: str, wanted_last: bool) -> None:
    names = (A, "srv/store/1") if wanted_last else ("srv/store/1", A)
    report = scan(tmp_path, cpios.cpio({names[0]: npm("a", "1"), names[1]: Link(names[0], hard=True)}, form=form))
    assert purls(report) == ["pkg:npm/a@1"]
    assert not troubles(report)


def test_links_are_followed(tmp_path: Path) -> None:
    files: cpios.Files = {
        **ROOT,
        "var/lib/dpkg/status": Link("/usr/dpkg/status"),
        "usr/dpkg/status": deb("bash", "5.2"),
    }
    assert purls(scan(tmp_path, cpios.cpio(files))) == [BASH]


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd", "xz", "bzip2", "lzma", "lz4"])
def test_an_initrd_of_two_parts(tmp_path: Path, form: str) -> None:
    data = padded(cpios.cpio(EARLY)) + pack(cpios.cpio(ROOT), form)
    report = scan(tmp_path, data)
    assert purls(report) == [BASH]
    assert not troubles(report)
    assert report.target.type == "filesystem/initrd"


def test_an_initrd_compressed_as_a_whole(tmp_path: Path) -> None:
    report = scan(tmp_path, pack(padded(cpios.cpio({"a": b"1"})) + cpios.cpio(ROOT), "zstd"))
    assert (purls(report), report.target.type) == ([BASH], "filesystem/initrd")


def test_three_parts_one_of_them_after_a_lot_of_padding(tmp_path: Path) -> None:
    data = (
        padded(cpios.cpio(EARLY))
        + bytes(200_000)
        + padded(cpios.cpio({A: npm("a", "1")}))
        + pack(cpios.cpio(ROOT), "gzip")
    )
    assert purls(scan(tmp_path, data)) == [BASH, "pkg:npm/a@1"]


def test_a_part_in_no_known_format_is_told(tmp_path: Path) -> None:
    report = scan(tmp_path, padded(cpios.cpio({A: npm("a", "1")})) + b"LRZI" + bytes(range(200)))
    assert purls(report) == ["pkg:npm/a@1"]
    (entry,) = troubles(report)
    assert (entry.what, entry.state, entry.reason, entry.path) == (
        "acquire.cpio",
        CoverageState.FAILED,
        "unsupported",
        "part 2",
    )


@pytest.mark.parametrize("form", FORMS)
def test_without_its_trailer_it_is_cut_short(tmp_path: Path, form: str) -> None:
    report = scan(tmp_path, cpios.cpio({A: npm("a", "1")}, form=form, end=False))
    assert purls(report) == ["pkg:npm/a@1"]
    (entry,) = troubles(report)
    assert (entry.state, entry.reason) == (CoverageState.FAILED, "malformed")
    assert "trailer" in (entry.detail or "")


def test_names_that_climb_are_counted_and_not_read(tmp_path: Path) -> None:
    report = scan(tmp_path, cpios.cpio({f"../../{A}": npm("a", "1"), f"./{B}": npm("b", "1")}))
    assert purls(report) == ["pkg:npm/b@1"]
    assert [entry.reason for entry in troubles(report)] == ["refused"]


def test_a_tar_is_no_cpio(tmp_path: Path) -> None:
    assert scan(tmp_path, tar({A: npm("a", "1")})).target.type == "source"


@pytest.mark.parametrize(
    "name", ["casper/initrd", "boot/initrd.img-6.1.0", "install/initrd.gz", "boot/initramfs-5.14.img"]
)
def test_an_initrd_on_a_disc_is_read_where_it_lies(tmp_path: Path, name: str) -> None:
    data = padded(cpios.cpio(EARLY)) + pack(cpios.cpio(ROOT), "zstd")
    report = scan_bytes(tmp_path, iso({name: data}), "disc.iso")
    assert not troubles(report)
    assert purls(report) == [BASH]
    assert report.packages[0].locations[0].path == f"{name}!/var/lib/dpkg/status"
