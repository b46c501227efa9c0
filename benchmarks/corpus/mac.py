"""Disk images of macOS: an application on HFS+, as UDIF in each block type, and the volumes of the fixtures."""

from __future__ import annotations

import plistlib
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus.discs import application, cpio_of
from benchmarks.corpus.udif import FORMS, udif
from benchmarks.corpus.workshop import Piece, Workshop, write

PLIST = {
    "CFBundleIdentifier": "example.shop.Shop",
    "CFBundleName": "Shop",
    "CFBundleDisplayName": "Acme Shop",
    "CFBundleShortVersionString": "4.2.1",
    "CFBundleVersion": "4210",
    "CFBundleExecutable": "Shop",
    "CFBundlePackageType": "APPL",
    "LSMinimumSystemVersion": "11.0",
}
FRAMEWORK = {
    "CFBundleIdentifier": "org.sparkle-project.Sparkle",
    "CFBundleName": "Sparkle",
    "CFBundleShortVersionString": "2.5.1",
    "CFBundleVersion": "2028",
    "CFBundlePackageType": "FMWK",
}


def app(shop: Workshop, root: Path) -> None:
    """A macOS application: property lists (one binary), a framework, a native program, an embedded node_modules."""
    contents = root / "Shop.app" / "Contents"
    framework = contents / "Frameworks" / "Sparkle.framework" / "Versions" / "B" / "Resources"
    program = shop.npm_tree("esbuild-darwin-arm64@0.14.0")
    write(contents, {"Info.plist": plistlib.dumps(PLIST), "PkgInfo": "APPL????"})
    write(framework, {"Info.plist": plistlib.dumps(FRAMEWORK, fmt=plistlib.FMT_BINARY)})
    (contents / "MacOS").mkdir()
    shutil.copy(program / "bin" / "esbuild", contents / "MacOS" / "Shop")
    application(contents / "Resources" / "app")


def hfs(shop: Workshop, target: Path) -> None:
    """The application on an HFS+ volume, written by xorriso beside an ISO 9660 tree (Apple partition map)."""
    root = shop.scratch("mac")
    app(shop, root)
    shop.run("xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-R", "-V", "Shop", "-o", target, root)


def dmg(form: str, source: str | None = None) -> Callable[[Workshop, Path], None]:
    """A UDIF image with one block type, of a fixture's volume or of the HFS+ hybrid."""

    def make(shop: Workshop, target: Path) -> None:
        raw = shop.fixture(source) if source else shop.scratch("volume") / "volume.iso"
        if not source:
            hfs(shop, raw)
        target.write_bytes(udif(raw.read_bytes(), form, shop))

    return make


def fixture(name: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(shop.fixture(name), target)

    return make


PACKAGE_INFO = """<?xml version="1.0" encoding="utf-8"?>
<pkg-info format-version="2" identifier="example.shop.pkg" version="4.2.1" install-location="/Applications" auth="root">
  <payload numberOfFiles="20" installKBytes="8000"/>
</pkg-info>
"""
DISTRIBUTION = """<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="1">
  <title>Acme Shop</title>
  <pkg-ref id="example.shop.pkg" version="4.2.1" installKBytes="8000">#shop.pkg</pkg-ref>
</installer-gui-script>
"""


def pkg(*, product: bool) -> Callable[[Workshop, Path], None]:
    """A flat installer package, a xar with a cpio in gzip inside; as a product it holds one and says so."""

    def make(shop: Workshop, target: Path) -> None:
        root, work = shop.scratch("payload"), shop.scratch("pkg")
        app(shop, root)
        payload = shop.run("gzip", "-nc", stdin=cpio_of(shop, root, "odc"))
        place = work / "shop.pkg" if product else work
        write(place, {"PackageInfo": PACKAGE_INFO, "Payload": payload})
        if product:
            write(work, {"Distribution": DISTRIBUTION})
        shop.run("bsdtar", "--format=xar", "-cf", target, *sorted(path.name for path in work.iterdir()), cwd=work)

    return make


PIECES = (
    Piece(
        path="formats/pkg/shop-component.pkg",
        how="cpio, gzip, bsdtar --format=xar",
        make=pkg(product=False),
        tools=("bsdtar", "cpio"),
    ),
    Piece(
        path="formats/pkg/shop-product.pkg",
        how="the same inside a Distribution",
        make=pkg(product=True),
        tools=("bsdtar", "cpio"),
    ),
    *(
        Piece(
            path=f"formats/dmg/shop-{form}.dmg",
            how=f"xorriso -hfsplus, our own UDIF writer, {form} blocks",
            make=dmg(form),
            tools=("xorriso",),
        )
        for form in FORMS
    ),
    *(
        Piece(path=f"formats/dmg/{name}.dmg", how=f"a fixture, {path}", make=fixture(path))
        for name, path in (
            ("hfsplus-real", "dmg/hfsplus_zlib.dmg"),
            ("hfsplus-built", "dmg/hfsplus-udif-built.dmg"),
            ("apfs-built", "dmg/apfs-udif-built.dmg"),
            ("hfsplus-raw", "dmg/hfsplus.raw"),
            ("apfs-raw", "dmg/apfs.raw"),
        )
    ),
    *(
        Piece(
            path=f"formats/dmg/{name}-{form}.dmg",
            how=f"a fixture's volume, our own UDIF writer, {form} blocks",
            make=dmg(form, f"dmg/{name}.raw"),
        )
        for name in ("hfsplus", "apfs")
        for form in ("bzip2", "lzma")
    ),
)
