"""Whole examples to begin with, made when they are asked for."""

from __future__ import annotations

import gzip
import importlib
import json
from collections.abc import Callable

from surveyor.scan.vocabulary import COMPRESSED
from tests import cpios, discs, images, packages, programs, sboms, squash
from tests.apple import apfs, hfs, udif
from tests.servers import csaf, flaws, nvd

Make = Callable[[], bytes]
TREE = {"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("a", "1")}
SHOP = {"app/node_modules/a/package.json": images.npm("a", "1"), "b": b"b" * 3000, "link": images.Link("b")}


def _sample(name: str) -> Make:
    return lambda: bytes(importlib.import_module(f"tests.fixtures.acquire.{name}").sample())


#: By acquirer, and what of it when several formats share one.
ARTIFACTS: dict[str, tuple[Make, ...]] = {
    "tar": (lambda: images.tar(SHOP), lambda: images.tar({"x" * 150: b"1"}, prefix="./")),
    "tar.packed": tuple((lambda form=form: images.pack(images.tar(SHOP), form)) for form in COMPRESSED),
    "zip.kinds": (packages.apk, packages.aab, packages.nupkg, lambda: packages.zipped({"manifest.json": b"{}"})),
    "zip": (_sample("zip"), lambda: images.jar(images.pom("g", "a", "1"), stored=True)),
    "zip.deflate64": (lambda: packages.deflated64({"node_modules/a/package.json": images.npm("a", "1")}),),
    "docker": (_sample("docker"),),
    "oci": (_sample("oci"),),
    "iso": (lambda: discs.iso(TREE),),
    "squashfs": (lambda: squash.squashfs(TREE), lambda: squash.squashfs({"a": b"a" * 5000})),
    "cpio": tuple((lambda form=form: cpios.cpio({"a": b"1", "b/c": b"22"}, form=form)) for form in ("newc", "odc")),
    "dmg.udif": (lambda: udif.image(hfs.volume({"a": b"1"})),),
    "dmg.hfs": (lambda: hfs.volume({"a/b": b"1" * 600, "c": b"2"}),),
    "dmg.apfs": (lambda: apfs.container({"a": b"1"}),),
    "xar": (_sample("xar"),),
    "disk": (_sample("disk"),),
    "rpm": (_sample("rpm"),),
    "deb": (_sample("deb"),),
    "gem": (_sample("gem"),),
    "binary": (_sample("binary"),),
    "sbom": tuple(sboms.ALL.values()),
}
PROGRAMS: dict[str, tuple[Make, ...]] = {
    "elf": (lambda: programs.elf({".rodata": b"OpenSSL 3.0.11 19 Sep 2023\0"}, needed=("libc.so.6",)),),
    "pe": (programs.pe,),
    "mach-o": (programs.macho, lambda: programs.fat(programs.macho())),
}
_FLAW = nvd.cve(
    "CVE-2024-1111",
    nvd.match("cpe:2.3:a:x:y:*:*:*:*:*:node.js", versionStartExcluding="1", versionEndIncluding="2"),
    nvd.match(r"cpe:2.3:o:m\:w:c\+\+:1.0:rc1", vulnerable=False),
    metrics={"cvssMetricV31": [{"source": "a", "type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:N"}}]},
)
#: Records of feeds, by the feed.
FEEDS: dict[str, tuple[Make, ...]] = {
    "epss": (lambda: b"CVE-2024-1111,0.00043,1e-05",),
    "kev": (lambda: json.dumps(flaws.listed("CVE-2024-1111")).encode(),),
    "nvd": (lambda: json.dumps(_FLAW).encode(),),
    "redhat": (
        lambda: json.dumps(csaf.example()).encode(),
        lambda: json.dumps(csaf.example("RHSA-2026:1")).encode(),
    ),
}
#: Files that hold many records of NVD's.
PAGES: tuple[Make, ...] = (
    lambda: json.dumps({"totalResults": 2, "vulnerabilities": [_FLAW, _FLAW], "format": "NVD_CVE"}, indent=1).encode(),
    lambda: gzip.compress(json.dumps(_FLAW).encode() + b"\n" + json.dumps(_FLAW).encode()),
)
