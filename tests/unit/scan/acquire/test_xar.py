"""xar archives and macOS installer packages: every way to keep a file, folders, links, payloads inside."""

from __future__ import annotations

import base64
import plistlib
from pathlib import Path

import pytest

from surveyor.scan.acquire import xar as unit
from surveyor.scan.acquire.interface import Artifact
from surveyor.scan.acquire.origin import open_origin
from surveyor.scan.errors import Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Kind
from tests import cpios
from tests.apple import hfs, udif
from tests.apple.xar import seal, xar
from tests.blobs import ALL
from tests.fixtures.catalog.macos_bundle import SHOP
from tests.fixtures.catalog.macos_pkg import PACKAGE, PRODUCT
from tests.images import Link, npm, pack, purls, scan_bytes, troubles

FILES: dict[str, bytes | Link | None] = {
    "PackageInfo": b"<pkg-info/>",
    "Shop.pkg/Bom": bytes(range(256)) * 300,
    "Shop.pkg/deep/er/file": b"text " * 1000,
    "Shop.pkg/empty": b"",
    "a & <b>": b"1",
    "link": Link("Shop.pkg/Bom"),
    "folder": None,
}


def opened(tmp_path: Path, data: bytes) -> Artifact:
    path = tmp_path / "a.pkg"
    path.write_bytes(data)
    origin = open_origin(path, path.name, Budget(Limits()))
    assert unit.detect(origin)
    return unit.read(origin, Budget(Limits()))


@pytest.mark.parametrize("style", ["octet-stream", "x-gzip", "x-bzip2", "x-lzma", "x-xz"])
def test_every_way_to_keep_a_file(tmp_path: Path, style: str) -> None:
    artifact = opened(tmp_path, xar(FILES, style=style))
    assert artifact.type == "archive/macos-pkg"
    walk = artifact.images[0].layers[0].walk(ALL, Budget(Limits()))
    found = {
        entry.path: Link(entry.target.decode()) if entry.kind is Kind.SYMLINK else bytes(entry.read(1 << 30))
        for entry in walk
    }
    assert found == {name: content for name, content in FILES.items() if content is not None}
    assert not walk.closed.count


def test_names_behind_what_is_inside_and_in_base64(tmp_path: Path) -> None:
    name = base64.b64encode("Zoë".encode()).decode()
    kept = "<data><offset>0</offset><size>3</size><length>3</length></data>"
    inner = f'<file id="2">{kept}<name enctype="base64">{name}</name></file>'
    data = seal(f'<file id="1">{inner}<type>directory</type><name>a</name></file>', b"abc")
    artifact = opened(tmp_path, data)
    assert artifact.type == "archive/xar"
    (entry,) = artifact.images[0].layers[0].walk(ALL, Budget(Limits()))
    assert (entry.path, bytes(entry.read(9))) == ("a/Zoë", b"abc")


def test_other_ways_to_keep_a_file_are_told(tmp_path: Path) -> None:
    data = (
        '<file><name>a</name><data><size>3</size><length>3</length><encoding style="application/x-new"/></data></file>'
    )
    (entry,) = opened(tmp_path, seal(data, b"abc")).images[0].layers[0].walk(ALL, Budget(Limits()))
    with pytest.raises(Unsupported, match="x-new"):
        entry.read(9)


@pytest.mark.parametrize("form", ["plain", "gzip", "bzip2", "xz", "pbzx"])
def test_what_a_package_installs(tmp_path: Path, form: str) -> None:
    payload = cpios.cpio(
        {
            "./Shop.app/Contents/Info.plist": plistlib.dumps(SHOP),
            "./Shop.app/Contents/Resources/node_modules/lodash/package.json": npm("lodash", "4.17.15"),
        }
    )
    package = xar(
        {
            "Distribution": PRODUCT,
            "Shop.pkg/PackageInfo": PACKAGE,
            "Shop.pkg/Payload": pack(payload, form),
            "Shop.pkg/Scripts": pack(cpios.cpio({"./postinstall": b"#!/bin/sh\n"}), "gzip"),
        }
    )
    expected = [
        "pkg:generic/Shop%20Keeper@2.4.1?bundle_id=org.example.Shop",
        "pkg:generic/org.example.Product@3.0",
        "pkg:generic/org.example.pkg.Shop@2.4.1",
        "pkg:npm/lodash@4.17.15",
    ]
    report = scan_bytes(tmp_path, package, "shop.pkg")
    assert report.target.type == "archive/macos-pkg"
    assert purls(report) == expected
    assert not troubles(report)
    (lodash,) = (one for one in report.packages if one.name == "lodash")
    assert lodash.locations[0].path.startswith("Shop.pkg/Payload!/")
    # the same on a disk image
    report = scan_bytes(tmp_path, udif.image(hfs.volume({"Install Shop.pkg": package}), "bzip2"), "shop.dmg")
    assert purls(report) == expected
    assert not troubles(report)


def test_a_signed_archive(tmp_path: Path) -> None:
    content = pack(cpios.cpio({"./A.app/node_modules/a/package.json": npm("a", "1")}), "pbzx")
    report = scan_bytes(tmp_path, xar({"Content": content, "Metadata": b"<x/>"}, style="octet-stream"), "a.xip")
    assert purls(report) == ["pkg:npm/a@1"]
