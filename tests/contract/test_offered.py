"""What a page offers to scan is what can be: each name by a file of its kind, and each acquirer with an answer."""

from __future__ import annotations

import gzip
from importlib import import_module
from pathlib import Path

import pytest

from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.vocabulary import COMPRESSED, FILES, HEADINGS
from tests import cpios, packages, rpms, sboms
from tests.apple.hfs import volume
from tests.apple.udif import image
from tests.apple.xar import xar
from tests.discs import iso
from tests.exts import disk, ext
from tests.images import DEBIAN, deb, docker_save, jar, npm, pack, pom, purls, python, scan_bytes, tar
from tests.programs import elf, go_inline, macho, pe
from tests.squash import squashfs
from tests.unit.scan.acquire.test_trees import INNER, MIXED, WHEEL, zipped
from tests.unit.scan.acquire.test_zip import CONDA, LODASH, crx

SYSTEM = {"usr/lib/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}
ROOT = tar(SYSTEM)
PAYLOAD = cpios.cpio({"a.app/node_modules/a/package.json": npm("a", "1")})
SAMPLES = {
    "container image": docker_save([ROOT]),
    "JAR": jar(pom("g", "a", "1")),
    "WAR": jar(("WEB-INF/lib/a.jar", INNER)),
    "EAR": jar(("META-INF/application.xml", b"<x/>"), ("a.war", INNER)),
    "wheel": zipped(WHEEL),
    "egg": zipped({"EGG-INFO/PKG-INFO": python("a", "1")}),
    "conda package": CONDA,
    "browser extension": crx(zipped(LODASH), 3),
    "VS Code extension": zipped(
        {"extension.vsixmanifest": b"", "extension/node_modules/b/package.json": npm("b", "1")}
    ),
    "zip": zipped(MIXED),
    "RPM package": rpms.file(rpms.package("bash", "5.2-1"), cpios.cpio({"a": b"1"})),
    "initrd": cpios.cpio({"init": b"", "etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}),
    "cpio archive": cpios.cpio({"node_modules/a/package.json": npm("a", "1")}),
    "macOS package": xar({"PackageInfo": b"", "Scripts": b"", "Payload": pack(PAYLOAD, "pbzx")}),
    "DMG": image(volume({"app/node_modules/a/package.json": npm("a", "1")})),
    "Android package": packages.apk(),
    "Android bundle": packages.aab(),
    "NuGet package": packages.nupkg(),
    "Debian package": packages.deb_file(),
    "Ruby gem": packages.gem(),
    "Alpine package": gzip.decompress(packages.alpine()),
    "Arch Linux package": packages.arch("plain"),
    "npm package": gzip.decompress(packages.npm_package()),
    "Rust crate": gzip.decompress(packages.crate()),
    "sdist": gzip.decompress(packages.sdist()),
    "ELF": elf({".go.buildinfo": go_inline()}),
    "PE": pe({".data": go_inline()}),
    "Mach-O": macho({"__DATA,__go_buildinfo": go_inline()}),
    "ISO": iso(SYSTEM),
    "SquashFS": squashfs(SYSTEM),
    "ext4 filesystem": ext(SYSTEM),
    "disk image": disk(ext(SYSTEM)),
    "snap": squashfs(SYSTEM),
    "CycloneDX or SPDX document": sboms.cyclonedx_json(),
    "tar": ROOT,
}
#: Files that are told by their names, as the tests of those who read them lay them.
NAMED = {
    case.path.rpartition("/")[2]: case.data
    for unit in CATALOGERS
    for case in import_module(f"tests.fixtures.catalog.{unit.id}").CASES
    if case.packages
}


def test_every_acquirer_says_what_it_takes() -> None:
    assert set(FILES) == {acquirer.id for acquirer in ACQUIRERS}


@pytest.mark.parametrize("name", dict.fromkeys(n for unit, names in FILES.items() for n in names if unit != "manifest"))
@pytest.mark.parametrize("form", ["plain", *COMPRESSED])
def test_what_is_offered_is_read(tmp_path: Path, name: str, form: str) -> None:
    report = scan_bytes(tmp_path, pack(SAMPLES[name], form))
    assert purls(report), report.error


@pytest.mark.parametrize("name", FILES["manifest"])
def test_what_is_offered_by_name_is_read(tmp_path: Path, name: str) -> None:
    report = scan_bytes(tmp_path, NAMED[name], name)
    assert purls(report), report.error


def test_every_name_stands_under_one_heading() -> None:
    headed = [unit for units in HEADINGS.values() for unit in units]
    assert sorted(headed) == sorted(unit for unit, names in FILES.items() if names)
