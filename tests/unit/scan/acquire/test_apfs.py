"""APFS: the newest checkpoint, volumes of every kind, trees of several levels, links, holes and compressed files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from surveyor.scan.errors import Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Wanted
from tests.apple import apfs, hfs, udif
from tests.blobs import ALL
from tests.images import Link, npm, purls, scan_bytes, troubles
from tests.unit.scan.acquire.test_dmg import FILES, REAL, SMALL, expected, files_of, opened

SHAPES: dict[str, dict[str, object]] = {
    "plain": {},
    "case sensitive": {"hashed": False},
    "in many extents": {"torn": True},
    "sealed": {"seal": True},
    "sealed, in many extents": {"seal": True, "torn": True},
    "of many levels": {"per": 3},
}
HOLES = {**FILES, "holes": b"a" * 5000 + bytes(40_000) + b"end", "end of holes": b"x" + bytes(60_000)}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_container_as_it_is(tmp_path: Path, shape: str) -> None:
    artifact = opened(tmp_path, apfs.container(HOLES, name="Shop", **SHAPES[shape]))
    assert artifact.type == "filesystem/apfs"
    assert artifact.images[0].name == "Shop"
    assert files_of(artifact) == expected(HOLES)


def test_volumes_share_a_container(tmp_path: Path) -> None:
    container = apfs.Container()
    container.volume(SMALL, name="One")
    container.volume({"b": b"2"}, name="Two")
    artifact = opened(tmp_path, udif.image(udif.guid_map([container.write()]), "lzma"))
    assert artifact.type == "dmg"
    assert [image.name for image in artifact.images] == ["One", "Two"]
    assert [files_of(artifact, number) for number in (0, 1)] == [SMALL, {"b": b"2"}]


def test_an_encrypted_volume_is_told_and_the_other_read(tmp_path: Path) -> None:
    container = apfs.Container()
    container.volume({"secret": b"1"}, name="Vault", encrypted=True)
    container.volume(SMALL)
    report = scan_bytes(tmp_path, udif.image(container.write()))
    assert purls(report) == ["pkg:npm/a@1"]
    (entry,) = troubles(report)
    assert (entry.what, entry.detail) == ("acquire.dmg", "volume Vault is encrypted")


def test_only_encrypted_volumes(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="encrypted"):
        opened(tmp_path, apfs.container({}, encrypted=True))


def test_a_container_without_volumes(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="without a volume"):
        opened(tmp_path, apfs.Container().write())


def test_programs_are_known_by_mode_and_first_bytes(tmp_path: Path) -> None:
    program = b"\xcf\xfa\xed\xfe" + bytes(200)
    files: dict[str, object] = {
        "run": hfs.Mode(program, 0o755),
        "data": program,
        "script": hfs.Mode(b"#!/bin/sh\n" * 20, 0o755),
        "again": Link("data", hard=True),
    }
    wanted = Wanted(re.compile(rb"data"), programs=True)
    walk = opened(tmp_path, apfs.container(files)).images[0].layers[0].walk(wanted, Budget(Limits()))
    assert {entry.path: entry.program for entry in walk} == {"run": True, "data": False}


def test_packages_are_found(tmp_path: Path) -> None:
    files = {"a/node_modules/b/package.json": hfs.Packed(npm("b", "2") + b" " * 70_000, 12), **SMALL}
    report = scan_bytes(tmp_path, udif.image(apfs.container(files)))
    assert purls(report) == ["pkg:npm/a@1", "pkg:npm/b@2"]
    assert not troubles(report)


@pytest.mark.skipif(not REAL.exists(), reason="the shared fixtures are not there")
@pytest.mark.parametrize("name", ["apfs.raw", "apfs-udif-built.dmg"])
def test_what_a_mac_wrote(tmp_path: Path, name: str) -> None:
    artifact = opened(tmp_path, (REAL / name).read_bytes())
    assert artifact.images[0].name == "apfs_test"
    found = files_of(artifact)
    assert found["passwords.txt"].startswith(b"place,user,password\n")
    assert found["a_link"] == b"a_directory/another_file"
    assert found["a_directory/another_file"] == b"This is another file.\n"
    assert len(list(artifact.images[0].layers[0].walk(ALL, Budget(Limits())))) == 8
