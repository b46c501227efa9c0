"""One small artifact of every format that is read, and the places where each falls into its parts.

Who tests what holds for all formats draws on this table: cut, changed, nested, repeated.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests import cpios, discs, exts, packages, rpms, sboms, squash, udfs
from tests.apple import apfs, hfs, udif, xar
from tests.fixtures.case import Case
from tests.fixtures.catalog import (
    cargo_lock,
    composer_lock,
    gemfile_lock,
    go,
    macos_bundle,
    macos_receipt,
    maven_pom,
    npm_lock,
    nuget_project,
    pnpm,
    python_lock,
    repodata,
    rpm,
    rust,
    yarn,
)
from tests.images import DEBIAN, Oci, deb, docker_save, jar, npm, pack, pom, tar

NOISE = random.Random(1).randbytes(9_000)
INNER = {"lib/node_modules/inner/package.json": npm("inner", "1")}
SYSTEM = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2"), "srv/noise": NOISE}
TREE = tar({**INNER, **SYSTEM})
EARLY = cpios.cpio({"kernel/x86/microcode/GenuineIntel.bin": b"\1" * 96})
INITRD = EARLY + pack(cpios.cpio(SYSTEM), "gzip")

#: Where a part of the bytes ends, beyond what marks and blocks tell.
Places = Callable[[bytes], Iterable[int]]


def _nowhere(_: bytes) -> Iterable[int]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Format:
    """How an artifact is made and where it may be cut.

    ``marks`` stand where its parts begin, ``block`` is the size of those that are of one size, ``places`` are others.
    Before ``shown`` bytes nothing says what it is; at ``ends`` it is another whole one. ``endless`` when it may end
    after any of its parts, so that nobody can tell a cut; ``ordered`` when what lies before a cut can be read without
    what lies behind it.
    """

    make: Callable[[], bytes]
    marks: tuple[bytes, ...] = ()
    block: int = 0
    places: Places = _nowhere
    shown: int = 8
    ends: Places = _nowhere
    endless: bool = False
    ordered: bool = False

    def cuts(self, data: bytes) -> list[int]:
        """Where to cut: around each mark, at each block and other place, and at each of 64 parts."""
        found = {len(data) * part // 64 for part in range(1, 64)} | {len(data) - 1}
        for at in [
            *_marked(data, self.marks),
            *_thinned(range(0, len(data), self.block or len(data))),
            *self.places(data),
        ]:
            found |= {at - 1, at, at + 1}
        return sorted(at for at in found if 0 < at < len(data))

    def silent(self, data: bytes, at: int) -> bool:
        """Whether nobody can tell that these bytes were cut there."""
        return self.endless or at < self.shown or at in self.ends(data)


def _marked(data: bytes, marks: Iterable[bytes]) -> list[int]:
    found: list[int] = []
    for mark in marks:
        at, places = data.find(mark), list[int]()
        while at >= 0:
            places += [at, at + len(mark)]
            at = data.find(mark, at + 1)
        found += _thinned(places)
    return found


def _thinned(places: Iterable[int]) -> list[int]:
    """The first and last of many."""
    listed = list(places)
    return listed if len(listed) <= 32 else [*listed[:16], *listed[-16:]]


def _gzip(data: bytes) -> list[int]:
    return [10, len(data) - 8, len(data) - 4]


def _squashfs(data: bytes) -> list[int]:
    tables = struct.unpack_from("<8Q", data, 32)
    return [96, *(at & 0xFFFFFFFF for at in tables if at < 1 << 63)]


def _xar(data: bytes) -> list[int]:
    size, table = struct.unpack_from(">HxxQ", data, 4)
    return [4, size, size + table, size + table + 20]


def _rpm(data: bytes) -> list[int]:
    """The lead, the signature header and the main one, each an intro, an index and a store."""
    found, at = [96], 96
    for _ in range(2):
        count, size = struct.unpack_from(">II", data, at + 8)
        found += [at + 16, at + 16 + 16 * count, at + 16 + 16 * count + size]
        at = found[-1] + -found[-1] % 8
    return [*found, at]


def _elf(data: bytes) -> list[int]:
    segments, sections = struct.unpack_from("<QQ", data, 32)
    size, count, wide, many = struct.unpack_from("<HHHH", data, 54)
    return [16, 64, segments, segments + size * count, sections, sections + wide * many]


def _pe(data: bytes) -> list[int]:
    (head,) = struct.unpack_from("<I", data, 60)
    count, optional = struct.unpack_from("<HxxxxxxxxxxxxH", data, head + 6)
    return [64, head, head + 24, head + 24 + optional, head + 24 + optional + 40 * count]


def _macho(data: bytes) -> list[int]:
    count, at, found = struct.unpack_from("<I", data, 16)[0], 32, [32]
    for _ in range(count):
        at += struct.unpack_from("<I", data, at + 4)[0]
        found.append(at)
    return found


def _case(case: Case, **more: object) -> Format:
    return Format(make=lambda: case.data, **more)  # type: ignore[arg-type]


_ZIP = (b"PK\1\2", b"PK\3\4", b"PK\5\6")
_TEXT = (b"{", b"]", b">", b"\n")

#: By the name of the file.
FORMATS: Mapping[str, Format] = {
    "a.tar": Format(make=lambda: TREE, block=512, shown=512, ordered=True),
    "a.tar.gz": Format(make=lambda: pack(TREE, "gzip"), places=_gzip, ordered=True),
    "a.tar.bz2": Format(make=lambda: pack(TREE, "bzip2"), marks=(b"BZh", b"1AY&SY"), ordered=True),
    "a.tar.xz": Format(make=lambda: pack(TREE, "xz"), places=lambda data: [12, len(data) - 12], ordered=True),
    "a.tar.lzma": Format(make=lambda: pack(TREE, "lzma"), places=lambda _: [5, 13], shown=13, ordered=True),
    "a.tar.lz": Format(make=lambda: pack(TREE, "lzip"), places=lambda data: [6, len(data) - 20], ordered=True),
    "a.tar.lz4": Format(make=lambda: pack(TREE, "lz4"), places=lambda data: [7, 11, len(data) - 8], ordered=True),
    "a.tar.zst": Format(make=lambda: pack(TREE, "zstd"), places=lambda _: [4, 6, 9, 12]),
    "docker.tar": Format(make=lambda: docker_save([TREE]), block=512, shown=512),
    "oci.tar": Format(make=lambda: Oci().add([pack(TREE, "gzip")]).tar(), block=512, shown=512),
    "a.zip": Format(make=lambda: packages.zipped({**INNER, "noise": NOISE}), marks=_ZIP),
    "a.jar": Format(make=lambda: jar(pom("g", "inner", "1"), ("noise", NOISE)), marks=_ZIP),
    "a.cpio": Format(make=lambda: cpios.cpio({**INNER, **SYSTEM}), marks=(b"070701",), ordered=True),
    "initrd.img": Format(make=lambda: INITRD, marks=(b"070701", b"\x1f\x8b\x08"), ends=lambda _: [len(EARLY)]),
    "a.deb": Format(make=packages.deb_file, marks=(b"`\n", b"debian-binary", b"control.tar", b"data.tar")),
    "a.rpm": Format(
        make=lambda: rpms.file(rpms.package("inner", "1"), pack(cpios.cpio(SYSTEM), "gzip")),
        marks=(b"\x8e\xad\xe8\1",),
        places=_rpm,
    ),
    "a.iso": Format(make=lambda: discs.iso(SYSTEM), marks=(b"CD001",), block=discs.SECTOR),
    "udf.iso": Format(make=lambda: udfs.udf(SYSTEM), marks=(b"BEA01", b"NSR0", b"TEA01"), block=discs.SECTOR),
    "a.squashfs": Format(make=lambda: squash.squashfs(SYSTEM), places=_squashfs),
    "a.snap": Format(make=lambda: squash.squashfs({"meta/snap.yaml": b"name: s\nversion: 1\n"}), places=_squashfs),
    "a.ext4": Format(make=lambda: exts.ext(SYSTEM), block=exts.BLOCK, shown=2 * exts.BLOCK),
    "rootfs.img": Format(make=lambda: exts.disk(exts.ext(SYSTEM)), block=exts.BLOCK, shown=512),
    "disk.img": Format(make=lambda: udif.guid_map([exts.ext(SYSTEM)]), block=exts.BLOCK, shown=40 * 512),
    "a.hfs": Format(make=lambda: hfs.wrapped(hfs.volume(SYSTEM)), marks=(b"H+",), block=512, shown=2048),
    "a.apfs": Format(make=lambda: apfs.container(SYSTEM), marks=(b"NXSB", b"APSB"), block=apfs.BLOCK, shown=40),
    "a.dmg": Format(make=lambda: udif.image(udif.guid_map([hfs.volume(SYSTEM)])), marks=(b"koly", b"<plist", b"mish")),
    "a.pkg": Format(make=lambda: xar.xar({"Distribution": b"<x/>", "a.zip": packages.zipped(INNER)}), places=_xar),
    "a.gem": Format(make=packages.gem, block=512),
    "a.crate": Format(make=packages.crate, places=_gzip),
    "a.apk": Format(make=packages.apk, marks=_ZIP),
    "alpine.apk": Format(make=packages.alpine, marks=(b"\x1f\x8b\x08",), places=_gzip),
    "a.nupkg": Format(make=packages.nupkg, marks=_ZIP),
    "a.conda": Format(make=packages.conda, marks=_ZIP),
    "a.cdx.json": Format(make=sboms.cyclonedx_json, marks=_TEXT),
    "a.cdx.xml": Format(make=sboms.cyclonedx_xml, marks=_TEXT, shown=64),
    "a.spdx.json": Format(make=sboms.spdx_json, marks=_TEXT),
    "a.spdx": Format(make=sboms.spdx_tag_value, marks=_TEXT, endless=True),
    "elf.so": _case(go.CASES[0], places=_elf),
    "pe.dll": _case(go.CASES[4], places=_pe, shown=80),
    "macho.dylib": _case(go.CASES[6], places=_macho),
    "rust.so": _case(rust.CASES[0], places=_elf),
    "var/lib/rpm/rpmdb.sqlite": _case(rpm.CASES[0], block=4096, shown=16),
    "usr/lib/sysimage/rpm/Packages.db": _case(rpm.CASES[1], marks=(b"RpmP", b"Slot", b"BlbS")),
    "var/lib/rpm/Packages": _case(rpm.CASES[2], block=4096),
    "package-lock.json": _case(npm_lock.CASES[0], marks=_TEXT),
    "composer.lock": _case(composer_lock.CASES[0], marks=_TEXT),
    "Cargo.lock": _case(cargo_lock.CASES[0], marks=_TEXT, endless=True),
    "poetry.lock": _case(python_lock.CASES[0], marks=_TEXT, endless=True),
    "pnpm-lock.yaml": _case(pnpm.CASES[0], marks=_TEXT, endless=True),
    "yarn.lock": _case(yarn.CASES[0], marks=_TEXT, endless=True),
    "Gemfile.lock": _case(gemfile_lock.CASES[0], marks=_TEXT, endless=True),
    "pom.xml": _case(maven_pom.CASES[0], marks=_TEXT),
    "a.csproj": _case(nuget_project.CASES[0], marks=_TEXT),
    "repodata/primary.xml": _case(repodata.CASES[0], marks=_TEXT),
    "Shop.app/Contents/Info.plist": _case(macos_bundle.CASES[0], marks=_TEXT),
    "Payload/Shop.app/Info.plist": _case(macos_bundle.CASES[1], marks=(b"bplist00",)),
    "private/var/db/receipts/org.example.pkg.Shop.plist": _case(macos_receipt.CASES[0], marks=(b"bplist00",)),
}
