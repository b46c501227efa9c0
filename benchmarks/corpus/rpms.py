"""RPM files of every payload compression, and images whose package database is of each of the three kinds."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus.images import Layer, docker_save, tar_of
from benchmarks.corpus.workshop import Missing, Piece, Workshop, write

PAYLOADS = {
    "none": "w.ufdio",
    "gzip": "w6.gzdio",
    "bzip2": "w6.bzdio",
    "xz": "w2.xzdio",
    "lzma": "w2.lzdio",
    "zstd": "w3.zstdio",
}
SPEC = """
Name: {name}
Epoch: {epoch}
Version: {version}
Release: {release}
Summary: A tool of the corpus
License: {licence}
Vendor: Corpus
URL: https://shop.example/{name}
{more}
AutoReqProv: no
%global _buildhost builder.example
%global source_date_epoch_from_changelog 0
%description
A package with a Python distribution and an npm package inside.
%prep
%build
%install
mkdir -p %{{buildroot}}/usr/share/{name} %{{buildroot}}/usr/lib/python3.11/site-packages/{module}-{version}.dist-info
mkdir -p %{{buildroot}}/usr/share/{name}/node_modules/left-pad
printf 'Metadata-Version: 2.1\\nName: {module}\\nVersion: {version}\\nLicense: MIT\\n' \\
  > %{{buildroot}}/usr/lib/python3.11/site-packages/{module}-{version}.dist-info/METADATA
printf '{{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}}' \\
  > %{{buildroot}}/usr/share/{name}/node_modules/left-pad/package.json
%files
/usr/share/{name}
/usr/lib/python3.11/site-packages/{module}-{version}.dist-info
"""
#: name, epoch, version, release, licence, further tags: what purls of rpm packages have to keep apart.
PACKAGES = (
    ("acme-tool", 0, "1.4.2", "3.fc39", "MIT", ""),
    ("acme-epoch", 2, "8.0.1", "1.el9", "GPL-2.0-or-later AND LGPL-2.1-only", ""),
    ("acme-module", 0, "18.12.1", "2.module_el9", "Apache-2.0", "ModularityLabel: nodejs:18:9020020230327152102:rhel9"),
    ("acme-tilde", 0, "2.0~rc1", "0.1^git20260101.el9", "BSD-3-Clause", ""),
)
RPMDB = "rpmdb.sqlite"
FEDORA = 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=39\nPRETTY_NAME="Fedora Linux 39"\n'
ROCKY = 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"\n'
CENTOS = 'NAME="CentOS Linux"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n'
MARINER = 'NAME="Common Base Linux Mariner"\nID=mariner\nVERSION_ID="2.0"\n'
SLES = 'NAME="SLES"\nID="sles"\nID_LIKE="suse"\nVERSION_ID="15.4"\n'


def build(shop: Workshop, package: tuple[str, int, str, str, str, str], payload: str, *, source: bool = False) -> Path:
    """One RPM file."""
    name, epoch, version, release, licence, more = package
    top = shop.scratch("rpmbuild")
    spec = SPEC.format(
        name=name,
        epoch=epoch,
        version=version,
        release=release,
        licence=licence,
        more=more,
        module=name.replace("-", "_"),
    )
    write(top, {f"{name}.spec": spec})
    kind, key = ("-bs", "_source_payload") if source else ("-bb", "_binary_payload")
    shop.run(
        "rpmbuild", kind, "--quiet", "--target", "noarch", "--define", f"_topdir {top}", "--define", f"{key} {payload}",
        "--define", "use_source_date_epoch_as_buildtime 1", "--define", "clamp_mtime_to_source_date_epoch 1",
        "--nodeps", top / f"{name}.spec",
    )  # fmt: skip
    return next(top.rglob("*.rpm"))


def file_of(payload: str, at: int = 0, *, source: bool = False) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(build(shop, PACKAGES[at], payload, source=source), target)

    return make


def built(shop: Workshop) -> list[Path]:
    """All of ``PACKAGES``, once."""
    files = shop.kept("rpms", lambda folder: [shutil.copy(build(shop, each, "w6.gzdio"), folder) for each in PACKAGES])
    return sorted(files.iterdir())


def install(shop: Workshop, root: Path, dbpath: str, backend: str) -> None:
    """Have rpm itself install them."""
    place = ("--root", root, "--dbpath", f"/{dbpath}", "--define", f"_db_backend {backend}")
    shop.run(
        "rpm", *place, "-i", "--nodeps", "--nosignature", "--noscripts", "--ignorearch", "--ignoreos", *built(shop)
    )


def imaged(shop: Workshop, root: Path, target: Path, name: str) -> None:
    """A root as an image of one layer."""
    layer = Layer(tar_of(root, shop.scratch("layers") / "0.tar"), f"COPY {name} /")
    docker_save(target, [layer], f"corpus/rpm-{name}:1")


def sqlite(shop: Workshop, target: Path) -> None:
    """An image whose packages rpm installed."""
    root = shop.scratch("rpmroot")
    write(root, {"etc/os-release": ROCKY})
    install(shop, root, "usr/lib/sysimage/rpm", "sqlite")
    imaged(shop, root, target, "sqlite")


def given(fixture: str, where: str, release: str) -> Callable[[Workshop, Path], None]:
    """An image that holds a real distribution's database."""

    def make(shop: Workshop, target: Path) -> None:
        root = shop.scratch("rpmroot")
        write(root, {"etc/os-release": release, where: shop.fixture(fixture).read_bytes()})
        imaged(shop, root, target, "given")

    return make


def headers(shop: Workshop) -> list[tuple[int, bytes]]:
    """The headers of our own packages with their numbers, as rpm stored them."""
    root = shop.scratch("rpmheaders")
    install(shop, root, "db", "sqlite")
    with sqlite3.connect(root / "db" / RPMDB) as database:
        return database.execute("select hnum, blob from Packages order by hnum").fetchall()


def berkeley(shop: Workshop, target: Path) -> None:
    """The headers in a Berkeley DB hash, loaded by Berkeley DB's own program."""
    rows = headers(shop)
    root = shop.scratch("rpmroot")
    dump = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", "HEADER=END"]
    for number, blob in [(0, len(rows).to_bytes(4, "little")), *rows]:
        dump += [f" {number.to_bytes(4, 'little').hex()}", f" {blob.hex()}"]
    write(root, {"etc/os-release": CENTOS, "var/lib/rpm/Packages": ""})
    (root / "var/lib/rpm/Packages").unlink()
    lines = "\n".join([*dump, "DATA=END", ""]).encode()
    shop.run("db5.3_load", "-t", "hash", "Packages", cwd=root / "var/lib/rpm", stdin=lines)
    imaged(shop, root, target, "bdb")


def ndb(shop: Workshop, target: Path) -> None:
    """The headers in rpm's own ndb (lib/backend/ndb/rpmpkg.c), which Debian's rpm is built without."""
    rows = headers(shop)
    slots, blobs = bytearray(), bytearray()
    for number, header in rows:
        size = (16 + len(header) + 12 + 15) // 16
        block = struct.pack("<4sIII", b"BlbS", number, 1, len(header)) + header
        block += bytes(size * 16 - 12 - len(block))
        # the checksum goes over everything before it
        block += struct.pack("<II4s", zlib.adler32(block), len(header), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number, 256 + len(blobs) // 16, size)
        blobs += block
    empty = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    head = struct.pack("<4sIIII", b"RpmP", 0, 1, 1, len(rows) + 1) + bytes(12)
    page = head + slots + empty * ((4096 - len(head) - len(slots)) // 16)
    root = shop.scratch("rpmroot")
    write(root, {"etc/os-release": SLES, "usr/lib/sysimage/rpm/Packages.db": bytes(page + blobs)})
    imaged(shop, root, target, "ndb")


def wal(shop: Workshop, target: Path) -> None:
    """A sqlite database whose header says write-ahead log, as a running system leaves it."""
    root = shop.scratch("rpmroot")
    install(shop, root, "usr/lib/sysimage/rpm", "sqlite")
    path = root / "usr/lib/sysimage/rpm" / RPMDB
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.close()
    if path.read_bytes()[18:20] != b"\x02\x02":
        raise Missing("a sqlite that keeps write-ahead logs")
    write(root, {"etc/os-release": FEDORA})
    imaged(shop, root, target, "wal")


PIECES = (
    *(
        Piece(path=f"formats/rpm/{name}.rpm", how=f"rpmbuild, {what}", make=file_of(flag, at), tools=("rpmbuild",))
        for name, what, flag, at in (
            *((name, f"payload {flag}", flag, 0) for name, flag in PAYLOADS.items()),
            ("epoch", "with an epoch", "w6.gzdio", 1),
            ("module", "with a modularity label", "w6.gzdio", 2),
            ("tilde", "~ and ^ in the version", "w6.gzdio", 3),
        )
    ),
    Piece(
        path="formats/rpm/source.src.rpm",
        how="rpmbuild -bs",
        make=file_of("w6.gzdio", source=True),
        tools=("rpmbuild",),
    ),
    Piece(path="formats/rpmdb/sqlite.tar", how="rpm -i into a root, sqlite", make=sqlite, tools=("rpm",)),
    Piece(path="formats/rpmdb/wal.tar", how="the same, sqlite in WAL mode", make=wal, tools=("rpm",)),
    Piece(path="formats/rpmdb/ndb.tar", how="the same headers, ndb by our own writer", make=ndb, tools=("rpm",)),
    Piece(
        path="formats/rpmdb/bdb.tar",
        how="the same headers, loaded by db5.3_load",
        make=berkeley,
        tools=("rpm", "db5.3_load"),
    ),
    *(
        Piece(path=f"formats/rpmdb/{name}.tar", how=f"a distribution's, {fixture}", make=given(fixture, where, release))
        for name, fixture, where, release in (
            ("mariner-sqlite", "rpmdb/cbl-mariner-2.0.rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite", MARINER),
            ("sles-ndb", "rpmdb/sle15-bci.Packages.db", "usr/lib/sysimage/rpm/Packages.db", SLES),
            ("mariner-bdb", "rpmdb/mariner-as-bdb.Packages", "var/lib/rpm/Packages", CENTOS),
        )
    ),
)
