"""Bundles and receipts of Apple's systems: which are packages, what they are called, and what is a part of another."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest
from packageurl import PackageURL

from surveyor.scan.catalog import macos_bundle, macos_receipt
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.purl import purl
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import Tier
from tests.apple import hfs, udif
from tests.fixtures.catalog import macos_bundle as bundles
from tests.fixtures.catalog import macos_receipt as receipts
from tests.images import Link, npm, purls, scan_bytes, troubles

APP = "Shop.app/Contents/Info.plist"


def records(unit: Cataloger, values: dict[str, object], path: str = APP) -> list[Record]:
    data = plistlib.dumps(values)
    return [
        one for one in unit.parse(File(path=path, data=memoryview(data)), Budget(Limits())) if isinstance(one, Record)
    ]


def test_a_bundle_is_generic_and_told_apart_by_its_identifier() -> None:
    (found,) = records(macos_bundle.CATALOGER, bundles.SHOP)
    identity = purl(found, None)
    assert identity == "pkg:generic/Shop%20Keeper@2.4.1?bundle_id=org.example.Shop"
    assert PackageURL.from_string(identity).to_string() == identity
    assert found.tier is Tier.CONFIRMED
    assert "CFBundleVersion: 2401" in found.evidence


def test_electron_is_known_to_npm_too() -> None:
    bundle, package = records(macos_bundle.CATALOGER, bundles.ELECTRON)
    assert purl(bundle, None).startswith("pkg:generic/Electron%20Framework@28.1.0")
    assert purl(package, None) == "pkg:npm/electron@28.1.0"
    assert package.tier is Tier.HEURISTIC


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/Sparkle.framework/Versions/B/Resources/Info.plist", "Sparkle"),
        ("Sparkle.framework/Resources/Info.plist", "Sparkle"),
        ("Payload/Sparkle.app/Info.plist", "Sparkle"),
    ],
)
def test_without_a_name_it_is_called_by_its_folder(path: str, name: str) -> None:
    (found,) = records(macos_bundle.CATALOGER, {"CFBundlePackageType": "FMWK", "CFBundleVersion": "1"}, path)
    assert found.name == name


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"CFBundleExecutable": "a"},
        {"CFBundleVersion": "1", "CFBundleName": "resources", "CFBundlePackageType": "BNDL"},
        {"CFBundleExecutable": "a", "CFBundleVersion": "${VERSION}"},
        {"CFBundleExecutable": "a", "CFBundleVersion": 7},
        {"CFBundleVersion": "1", "CFBundleName": "a", "CFBundlePackageType": ["APPL"]},
    ],
)
def test_bundles_of_resources_and_templates_are_none(values: dict[str, object]) -> None:
    assert records(macos_bundle.CATALOGER, values) == []


def test_names_without_end_are_refused() -> None:
    with pytest.raises(Malformed):
        records(macos_bundle.CATALOGER, {"CFBundleExecutable": "a" * 300, "CFBundleVersion": "1"})


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        (APP, True),
        ("A.app/Contents/PlugIns/B.appex/Contents/Info.plist", True),
        ("A.app/Contents/Resources/Info.plist", False),
        ("src/Info.plist", False),
        ("A.app/Contents/Info.plist.orig", False),
    ],
)
def test_which_lists_are_of_bundles(path: str, taken: bool) -> None:
    assert bool(macos_bundle.CATALOGER.paths.search(path.encode())) is taken


def test_receipts_and_the_system() -> None:
    (receipt,) = records(macos_receipt.CATALOGER, receipts.RECEIPT, receipts.CASES[0].path)
    assert purl(receipt, None) == "pkg:generic/org.example.pkg.Shop@2.4.1"
    (system,) = records(macos_receipt.CATALOGER, receipts.SYSTEM, receipts.CASES[1].path)
    assert purl(system, None) == "pkg:generic/macOS@14.1?build=23B74"
    assert records(macos_receipt.CATALOGER, {"other": "list"}, receipts.CASES[0].path) == []


def test_an_application_on_a_disk_image(tmp_path: Path) -> None:
    files: dict[str, object] = {
        APP: hfs.Packed(plistlib.dumps(bundles.SHOP), 3),
        "Shop.app/Contents/Resources/app/node_modules/lodash/package.json": npm("lodash", "4.17.15"),
        "Shop.app/Contents/Frameworks/Electron Framework.framework/Versions/A/Resources/Info.plist": plistlib.dumps(
            bundles.ELECTRON, fmt=plistlib.FMT_BINARY
        ),
        "Applications": Link("/Applications"),
    }
    report = scan_bytes(tmp_path, udif.image(udif.apple_map([hfs.volume(files)]), "lzfse"), "shop.dmg")
    assert purls(report) == [
        "pkg:generic/Electron%20Framework@28.1.0?bundle_id=com.github.Electron.framework",
        "pkg:generic/Shop%20Keeper@2.4.1?bundle_id=org.example.Shop",
        "pkg:npm/electron@28.1.0",
        "pkg:npm/lodash@4.17.15",
    ]
    assert not troubles(report)
