"""Package files given alone: what they are, and what they hold."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from surveyor.scan.model import CoverageState, Report, ScanStatus
from tests.images import Link, pack, purls, scan, scan_bytes, tar, troubles
from tests.packages import (
    alpine,
    ar,
    arch,
    conda,
    crate,
    deb_file,
    gem,
    npm_package,
    nupkg,
    pkginfo,
    sdist,
    vscode_manifest,
)
from tests.unit.scan.acquire.test_zip import zipped

LODASH = "pkg:npm/lodash@4.17.15"
SHOP = "pkg:deb/debian/shop@1.0-1?arch=amd64&distro=debian"
VSIX = zipped({"extension.vsixmanifest": b"<x/>", "extension/package.json": vscode_manifest()})
PACKAGES = {
    "deb": (deb_file(), [SHOP, LODASH]),
    "alpine-apk": (alpine(), ["pkg:apk/alpine/busybox@1.36.1-r5?arch=x86_64&distro=alpine"]),
    "arch-package": (arch(), ["pkg:alpm/arch/pacman@6.0.2-1?arch=x86_64&distro=arch"]),
    "gem": (gem(), ["pkg:gem/rack@2.2.4", LODASH]),
    "crate": (crate(), ["pkg:cargo/left@0.7.1"]),
    "sdist": (sdist(), ["pkg:pypi/left@1.0"]),
    "npm": (npm_package(), ["pkg:npm/%40acme/left@1.2.3", LODASH]),
    "conda": (conda(), ["pkg:conda/left@1.0?build=h_0&subdir=noarch", "pkg:pypi/left@1.0"]),
    "nuget": (nupkg(), [LODASH, "pkg:nuget/Acme.Shop@4.2.1"]),
    "vscode-extension": (VSIX, ["pkg:vscode-extension/acme/shop@2.1.0"]),
}


@pytest.mark.parametrize("kind", PACKAGES)
@pytest.mark.parametrize("name", ["upload", "the file's own name"])
def test_a_package_is_told_by_its_content_with_what_it_holds(tmp_path: Path, kind: str, name: str) -> None:
    data, expected = PACKAGES[kind]
    report = scan_bytes(tmp_path, data, name)
    assert report.target.type == f"archive/{kind}"
    assert purls(report) == expected
    assert not [one for one in troubles(report) if one.what != "catalog.declared"]
    assert all(package.presence == "installed" for package in report.packages)


def test_what_a_system_package_holds_is_its_own_as_where_it_is_installed(tmp_path: Path) -> None:
    held = {
        "./usr/share/doc/shop/copyright": b"Format: https://www.debian.org/doc/copyright-format/1.0/\n\nLicense: ISC\n",
    }
    report = scan_bytes(tmp_path, deb_file(files=held), "shop.deb")
    told = {package.name: (package.owner, package.licenses) for package in report.packages}
    assert told == {"shop": (None, ("ISC",)), "lodash": ("deb/shop", ("MIT",))}


ENDINGS = {"deb": "deb", "alpine-apk": "apk", "arch-package": "pkg.tar.zst", "gem": "gem", "crate": "crate"}
ENDINGS |= {"nuget": "nupkg"}


@pytest.mark.parametrize("kind", ["deb", "alpine-apk", "gem", "crate", "nuget"])
def test_a_name_in_capitals_hides_no_package(tmp_path: Path, kind: str) -> None:
    data, expected = PACKAGES[kind]
    report = scan_bytes(tmp_path, data, f"UPLOAD.{ENDINGS[kind].upper()}")
    assert purls(report) == expected


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_package_file_in_a_folder_is_met(tmp_path: Path, kind: str) -> None:
    data, expected = PACKAGES[kind]
    (tmp_path / "pool" / "main").mkdir(parents=True)
    (tmp_path / "pool" / "main" / f"x.{ENDINGS[kind]}").write_bytes(data)
    assert {one for one in expected if "lodash" not in one} <= set(purls(scan(tmp_path)))


@pytest.mark.parametrize("kind", ["nuget", "gem", "sdist", "npm", "conda", "crate"])
def test_a_package_file_in_a_folder_is_opened_and_named_once(tmp_path: Path, kind: str) -> None:
    data, expected = PACKAGES[kind]
    name = "x." + (ENDINGS | {"sdist": "tar.gz", "npm": "tgz", "conda": "tar.bz2"})[kind]
    (tmp_path / name).write_bytes(data)
    report = scan(tmp_path)
    assert purls(report) == expected
    paths = [location.path for package in report.packages for location in package.locations]
    assert len(paths) == len(expected)
    assert all(path == name or path.startswith((f"{name}!/", f"{name}/")) for path in paths)


@pytest.mark.parametrize(("folder", "kind"), [("var/cache/apt/archives", "deb"), ("var/cache/apk", "alpine-apk")])
def test_what_a_package_manager_keeps_is_not_installed_by_that(tmp_path: Path, folder: str, kind: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / f"x.{ENDINGS[kind]}").write_bytes(PACKAGES[kind][0])
    assert purls(scan(tmp_path)) == []


@pytest.mark.parametrize("form", ["plain", "gzip", "bzip2", "xz", "lzma", "zstd"])
@pytest.mark.parametrize("control", ["plain", "gzip", "xz", "zstd"])
def test_both_tars_of_a_deb_may_be_compressed_in_any_way(tmp_path: Path, form: str, control: str) -> None:
    assert purls(scan_bytes(tmp_path, deb_file(form=form, control=control), "a.deb")) == [SHOP, LODASH]


@pytest.mark.parametrize(
    ("version", "maintainer", "distro"),
    [
        ("3.0.11-1~deb12u2", "x <x@lists.debian.org>", "debian-12"),
        ("2.2-0+deb11u3", "x <x@alioth-lists.debian.net>", "debian-11"),
        ("5.4-2~bpo12+1", "x <x@debian.org>", "debian-12"),
        ("1.1.1-1ubuntu0.22.04.3", "Ubuntu Developers <u@lists.ubuntu.com>", "ubuntu-22.04"),
        ("1.1.1-1ubuntu3", "Ubuntu Developers <u@lists.ubuntu.com>", "ubuntu"),
        ("1.0-1", "x <x@example.org>", None),
    ],
)
def test_the_distribution_of_a_deb_is_what_it_tells(
    tmp_path: Path, version: str, maintainer: str, distro: str | None
) -> None:
    report = scan_bytes(tmp_path, deb_file("a", version, maintainer=maintainer), "a.deb")
    found = next(package for package in report.packages if package.type == "deb")
    told = f"{found.distro.id}-{found.distro.version}".rstrip("-") if found.distro else None
    assert told == distro


def test_a_deb_names_its_source(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, deb_file("libssl3", "3.0.11-1+b1", source="openssl (3.0.11-1)"), "a.deb")
    found = next(package for package in report.packages if package.type == "deb")
    assert found.source
    assert (found.source.name, found.source.version) == ("openssl", "3.0.11-1")


LINKS = {"usr/share/shop/package.json": Link("../nodejs/shop/package.json"), "./var/lib/dpkg/status": Link("/gone")}


def test_links_into_other_packages_are_no_gap(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, deb_file(files=LINKS), "shop.deb")
    assert {entry.state for entry in report.coverage if entry.what == "acquire.links"} == {CoverageState.SKIPPED}
    assert not troubles(report)


def test_a_static_library_is_no_package(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, ar({"a.o/": b"\x7fELF"}), "a.a")
    assert report.target.type != "archive/deb"


def test_a_gem_for_a_platform_says_so(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, gem(platform="x86_64-linux"), "a.gem")
    assert purls(report)[0] == "pkg:gem/rack@2.2.4?platform=x86_64-linux"
    assert report.packages[0].licenses == ("MIT", "Apache-2.0")


def test_a_gem_of_old_with_more_before_its_version(tmp_path: Path) -> None:
    metadata = b"""name: rack
version: !ruby/object:Gem::Version
  hash: 27
  segments:
  - 1
  version: 1.2.1
platform: ruby
"""
    report = scan_bytes(tmp_path, tar({"metadata.gz": gzip.compress(metadata), "data.tar.gz": gzip.compress(tar({}))}))
    assert purls(report) == ["pkg:gem/rack@1.2.1"]


def test_all_licences_of_a_package_of_arch(tmp_path: Path) -> None:
    info = pkginfo("a", "1-1", license="MIT") + b"license = Zlib\n"
    report = scan_bytes(tmp_path, tar({".PKGINFO": info}), "a-1-1-any.pkg.tar")
    assert [package.licenses for package in report.packages] == [("MIT", "Zlib")]


def test_a_nuspec_in_utf_16(tmp_path: Path) -> None:
    text = "<package><metadata><id>A</id><version>1</version></metadata></package>"
    assert "pkg:nuget/A@1" in purls(scan_bytes(tmp_path, nupkg(text.encode("utf-16")), "a.nupkg"))


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("<licenseUrl>https://licenses.nuget.org/(MIT%20OR%20Apache-2.0)</licenseUrl>", ("(MIT OR Apache-2.0)",)),
        ("<licenseUrl>http://www.apache.org/licenses/LICENSE-2.0</licenseUrl>", ("Apache-2.0",)),
        ("<licenseUrl>https://aka.ms/deprecateLicenseUrl</licenseUrl>", ()),
        ("<license type='expression'>MIT</license><licenseUrl>https://unlicense.org</licenseUrl>", ("MIT",)),
    ],
)
def test_a_nuget_package_of_old_names_its_licence_by_an_address(
    tmp_path: Path, said: str, known: tuple[str, ...]
) -> None:
    text = f"<package><metadata><id>A</id><version>1</version>{said}</metadata></package>"
    report = scan_bytes(tmp_path, nupkg(text.encode()), "a.nupkg")
    assert [package.licenses for package in report.packages if package.type == "nuget"] == [known]


def cut(data: bytes) -> list[bytes]:
    return [data[:at] for at in range(1, len(data), max(1, len(data) // 60))]


@pytest.mark.parametrize("kind", PACKAGES)
def test_a_package_cut_anywhere_tells_of_it_or_holds_all(tmp_path: Path, kind: str) -> None:
    data, expected = PACKAGES[kind]
    for part in cut(data):
        report = scan_bytes(tmp_path, part, "upload")
        assert set(purls(report)) <= {*expected, "pkg:deb/debian/shop@1.0-1?arch=amd64&distro=debian"}
        assert set(purls(report)) == set(expected) or not_whole(report), len(part)


def not_whole(report: Report) -> bool:
    return report.scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED} or bool(troubles(report))


def test_a_deb_without_data_is_told(tmp_path: Path) -> None:
    whole = deb_file()
    report = scan_bytes(tmp_path, whole[: whole.find(b"data.tar")], "a.deb")
    assert purls(report) == [SHOP]
    assert [(one.what, one.state) for one in troubles(report)] == [("acquire.deb", CoverageState.FAILED)]


@pytest.mark.parametrize(
    "data",
    [
        ar(
            {
                "debian-binary": b"2.0\n",
                "control.tar.gz": pack(tar({"./control": b"Package: \0\nVersion: 1\n"}), "gzip"),
            }
        ),
        ar({"debian-binary": b"2.0\n", "control.tar.gz": pack(tar({"./other": b""}), "gzip")}),
        ar({"debian-binary": b"2.0\n", "control.tar.gz": b"\x1f\x8bnoise"}),
        ar({"debian-binary": b"2.0\n"}) + b"x" * 59,
        ar({"debian-binary": b"2.0\n"}) + b"x" * 4096,
        ar({"debian-binary": b"2.0\n"}).replace(b"4         `", b"9999999999`"),
        ar({"debian-binary": b"2.0\n", "control.tar.gz": pack(bytes(300 << 20), "zstd")}),
    ],
    ids=["no name", "no control", "noise", "cut header", "bad header", "size that lies", "bomb"],
)
def test_hostile_debs_are_told_and_no_more(tmp_path: Path, data: bytes) -> None:
    report = scan_bytes(tmp_path, data, "a.deb")
    assert purls(report) == []
    assert not_whole(report)


def test_a_package_file_takes_its_release_from_the_index_beside_it(tmp_path: Path) -> None:
    index = b"Package: shop\nVersion: 1.0-1\nArchitecture: amd64\nFilename: pool/shop.deb\n\n"
    for name, data in {"dists/bookworm/main/binary-amd64/Packages": index, "pool/shop.deb": deb_file()}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (found,) = scan(tmp_path).packages
    assert found.purl == "pkg:deb/debian/shop@1.0-1?arch=amd64&distro=debian-12"
    assert found.presence == "installed"
    assert len(found.locations) == 2
