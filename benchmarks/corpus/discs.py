"""Disc and disk images: ISO 9660 in its dialects, squashfs and cpio in each compression, UDIF in each block type."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus.rpms import built
from benchmarks.corpus.workshop import Missing, Piece, Workshop, write

VOLUME = ("-volid", "CORPUS", "-quiet")
ROCK = ("-R", "-J", "-joliet-long")
SQUASHES = ("gzip", "lzo", "lz4", "xz", "zstd", "lzma")
#: cpio compressions as an initrd may have them: the program that makes each.
INITRDS = {
    "plain": (),
    "gzip": ("gzip", "-9n"),
    "bzip2": ("bzip2", "-9"),
    "xz": ("xz", "--check=crc32"),
    "lzma": ("xz", "--format=lzma"),
    "lz4": ("lz4", "-l", "-q"),
    "lzo": ("lzop", "-q"),
    "zstd": ("zstd", "-q", "-19"),
}
POOL = ("libssl3", "curl", "python3-requests", "ripgrep")
ROOT = ("etc", "var/lib/dpkg/status", "usr/share/doc", "usr/lib/os-release", "usr/bin/env", "usr/bin/perl")


def minbase(shop: Workshop) -> Path:
    """The smallest Debian root, by debootstrap."""

    def fill(folder: Path) -> None:
        folder.rmdir()
        shop.run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", folder)

    return shop.kept("minbase", fill)


def little(shop: Workshop) -> Path:
    """A few files of that root: enough of a system to have packages, small enough for every compression."""

    def fill(folder: Path) -> None:
        root = minbase(shop)
        for name in ROOT:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shop.run("cp", "-a", root / name, target)
        application(folder / "srv/shop")

    return shop.kept("little", fill)


def application(folder: Path) -> None:
    """An application of two ecosystems, as a disc or a disk may carry it."""
    module = '{"name": "lodash", "version": "4.17.15", "license": "MIT"}'
    metadata = "Metadata-Version: 2.1\nName: requests\nVersion: 2.19.0\nLicense: Apache 2.0\n"
    write(
        folder,
        {
            "node_modules/lodash/package.json": module,
            "lib/python3.11/site-packages/requests-2.19.0.dist-info/METADATA": metadata,
            "lib/python3.11/site-packages/requests-2.19.0.dist-info/RECORD": "",
        },
    )


def iso(fill: Callable[[Workshop, Path], None], *options: str, program: str = "genisoimage") -> Callable[..., None]:
    """A disc of a folder that is filled for it."""

    def make(shop: Workshop, target: Path) -> None:
        root = shop.scratch("disc")
        fill(shop, root)
        command = ("xorriso", "-as", "mkisofs") if program == "xorriso" else (program,)
        shop.run(*command, *VOLUME, *options, "-o", target, root)

    return make


def rpm_media(compression: str) -> Callable[[Workshop, Path], None]:
    """An installation disc of an RPM distribution: packages, and repodata in one compression."""

    def fill(shop: Workshop, root: Path) -> None:
        packages = root / "BaseOS" / "Packages"
        packages.mkdir(parents=True)
        for file in built(shop):
            shutil.copy(file, packages)
        written = "gz" if compression == "zst" else compression
        shop.run("createrepo_c", "-q", "--no-database", "--general-compress-type", written, root / "BaseOS")
        if compression == "zst":
            restored(shop, root / "BaseOS" / "repodata")
        write(root, {".treeinfo": TREEINFO, "media.repo": "[InstallMedia]\nname=Rocky Linux 9.3\n"})

    return fill


def restored(shop: Workshop, repodata: Path) -> None:
    """Repodata in zstd, which Debian's createrepo_c is too old to write."""
    index = (repodata / "repomd.xml").read_text()
    for file in sorted(repodata.glob("*.xml.gz")):
        plain = gzip.decompress(file.read_bytes())
        packed = shop.run("zstd", "-q", "-c", stdin=plain)
        digest = hashlib.sha256(packed).hexdigest()
        kind = file.name.split("-", 1)[1].removesuffix(".gz")
        index = index.replace(file.name.split("-", 1)[0], digest).replace(f"{kind}.gz", f"{kind}.zst")
        index = index.replace(f"<size>{file.stat().st_size}</size>", f"<size>{len(packed)}</size>")
        file.unlink()
        (repodata / f"{digest}-{kind}.zst").write_bytes(packed)
    (repodata / "repomd.xml").write_text(index)


TREEINFO = """[general]
family = Rocky Linux
version = 9.3
arch = x86_64
[release]
name = Rocky Linux
short = Rocky
version = 9.3
"""


def debian_media(shop: Workshop, root: Path) -> None:
    """An installation disc of Debian: a pool of packages and the index over it."""
    for name in POOL:
        file = shop.deb(name)
        place = root / "pool" / "main" / name[0] / name
        place.mkdir(parents=True)
        shutil.copy(file, place)
    lists = root / "dists" / "bookworm" / "main" / "binary-amd64"
    lists.mkdir(parents=True)
    index = shop.run("dpkg-scanpackages", "-m", "pool", cwd=root)
    write(root, {".disk/info": 'Debian GNU/Linux 12.0.0 "Bookworm" - Official amd64 NETINST with firmware\n'})
    (lists / "Packages.gz").write_bytes(shop.run("gzip", "-9nc", stdin=index))


def live_media(shop: Workshop, root: Path) -> None:
    """A live disc: the whole system is a squashfs on it."""
    (root / "live").mkdir()
    squash(shop, little(shop), root / "live" / "filesystem.squashfs", "xz")
    write(root, {"live/filesystem.packages": "adduser\t3.134\n"})


def application_media(_: Workshop, root: Path) -> None:
    """A disc with an application's files on it."""
    application(root / "shop-frontend-with-a-long-name")


def zisofs(shop: Workshop, target: Path) -> None:
    """A disc whose files are compressed one by one (the ZF extension of Rock Ridge)."""
    root = shop.scratch("disc")
    application(root)
    command = ("xorriso", "-outdev", target, "-zisofs", "level=9:block_size=32k", "-map", root, "/")
    shop.run(*command, "-set_filter_r", "--zisofs", "/", "--", "-commit")


def squash(shop: Workshop, root: Path, target: Path, compressor: str) -> None:
    """One squashfs of a folder."""
    shop.run("mksquashfs", root, target, "-comp", compressor, "-noappend", "-quiet", "-no-progress", "-all-root")


def squashed(compressor: str) -> Callable[[Workshop, Path], None]:
    return lambda shop, target: squash(shop, little(shop), target, compressor)


def squashed_plain(shop: Workshop, target: Path) -> None:
    """No block compressed at all, and no fragments."""
    flags = ("-noI", "-noD", "-noF", "-noX", "-no-fragments")
    shop.run("mksquashfs", little(shop), target, *flags, "-noappend", "-quiet", "-no-progress", "-all-root")


def snap(shop: Workshop, target: Path) -> None:
    """A snap: a squashfs whose ``meta/snap.yaml`` names it."""
    root = shop.scratch("snap")
    write(root, {"meta/snap.yaml": "name: acme-shop\nversion: '4.2'\nbase: core22\nlicense: MIT\n"})
    application(root)
    squash(shop, root, target, "xz")


def cpio_of(shop: Workshop, root: Path, form: str = "newc") -> bytes:
    """A folder as one cpio, by cpio itself."""
    names = "\n".join(sorted(str(path.relative_to(root)) for path in root.rglob("*")))
    return shop.run("cpio", "-o", "-H", form, "--quiet", "-R", "0:0", cwd=root, stdin=names.encode())


def initrd(compression: str, *, early: bool = False) -> Callable[[Workshop, Path], None]:
    """A small system as an initrd; ``early`` puts an uncompressed part with microcode before it."""

    def make(shop: Workshop, target: Path) -> None:
        data = cpio_of(shop, little(shop))
        if command := INITRDS[compression]:
            data = shop.run(*command, "-c", stdin=data)
        if early:
            root = shop.scratch("early")
            write(root, {"kernel/x86/microcode/GenuineIntel.bin": bytes(range(256)) * 64, "early_cpio": "1\n"})
            data = cpio_of(shop, root) + data
        target.write_bytes(data)

    return make


def cpio(form: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        root = shop.scratch("cpio")
        application(root)
        target.write_bytes(cpio_of(shop, root, form))

    return make


def extended(kind: str) -> Callable[[Workshop, Path], None]:
    """An ext2, ext3 or ext4 filesystem of that small system, filled by mke2fs."""

    def make(shop: Workshop, target: Path) -> None:
        root = little(shop)
        shop.run("mke2fs", "-q", "-t", kind, "-d", root, "-L", "corpus", "-E", "root_owner=0:0", target, "64M")

    return make


def partitioned(label: str) -> Callable[[Workshop, Path], None]:
    """A disk with a table of partitions (``gpt`` or ``dos``): a small empty one, then one of ext4."""

    def make(shop: Workshop, target: Path) -> None:
        inner = shop.scratch("disk") / "root.ext4"
        extended("ext4")(shop, inner)
        with target.open("wb") as disk:
            disk.truncate(80 << 20)
            disk.seek(8 << 20)
            disk.write(inner.read_bytes())
        table = f"label: {label}\nstart=2048,size=12288,type=L\nstart=16384,size=131072,type=L\n"
        shop.run("sfdisk", "-q", target, stdin=table.encode())

    return make


def from_deb(package: str, path: str) -> Callable[[Workshop, Path], None]:
    """A disc or an initrd that a Debian package ships."""

    def make(shop: Workshop, target: Path) -> None:
        found = sorted(shop.deb_tree(package).glob(path))
        if not found:
            raise Missing(f"{path} in the package {package}")
        shutil.copy(found[0], target)

    return make


ISO = "formats/iso"
PIECES = (
    *(
        Piece(
            path=f"{ISO}/rpm-repodata-{form}.iso",
            how=f"rpmbuild, createrepo_c ({form}), genisoimage -R -J",
            make=iso(rpm_media(form), *ROCK),
            tools=("rpmbuild", "createrepo_c", "genisoimage"),
        )
        for form in ("gz", "xz", "zst")
    ),
    Piece(
        path=f"{ISO}/debian-pool.iso",
        how="apt-get download, dpkg-scanpackages, genisoimage -R -J",
        make=iso(debian_media, *ROCK),
        tools=("genisoimage", "dpkg-scanpackages"),
    ),
    Piece(
        path=f"{ISO}/live-squashfs.iso",
        how="debootstrap, mksquashfs, genisoimage -R -J",
        make=iso(live_media, *ROCK),
        tools=("genisoimage", "mksquashfs", "debootstrap"),
    ),
    Piece(
        path=f"{ISO}/application-rock-ridge.iso",
        how="genisoimage -R",
        make=iso(application_media, "-R"),
        tools=("genisoimage",),
    ),
    Piece(
        path=f"{ISO}/application-joliet.iso",
        how="genisoimage -J",
        make=iso(application_media, "-J", "-joliet-long"),
        tools=("genisoimage",),
    ),
    Piece(
        path=f"{ISO}/application-udf-bridge.iso",
        how="genisoimage -udf -R -J",
        make=iso(application_media, "-udf", *ROCK),
        tools=("genisoimage",),
    ),
    Piece(
        path=f"{ISO}/application-xorriso.iso",
        how="xorriso -as mkisofs -R",
        make=iso(application_media, "-R", program="xorriso"),
        tools=("xorriso",),
    ),
    Piece(path=f"{ISO}/application-zisofs.iso", how="xorriso, zisofs compression", make=zisofs, tools=("xorriso",)),
    Piece(path=f"{ISO}/memtest86.iso", how="from Debian's memtest86+", make=from_deb("memtest86+", "**/*.iso")),
    Piece(
        path=f"{ISO}/grub-rescue.iso",
        how="from Debian's grub-rescue-pc",
        make=from_deb("grub-rescue-pc", "**/*cdrom.iso"),
    ),
    Piece(path=f"{ISO}/ipxe.iso", how="from Debian's ipxe", make=from_deb("ipxe", "**/ipxe.iso")),
    *(
        Piece(
            path=f"formats/squashfs/{form}.squashfs",
            how=f"debootstrap, mksquashfs -comp {form}",
            make=squashed(form),
            tools=("mksquashfs", "debootstrap"),
        )
        for form in SQUASHES
    ),
    Piece(
        path="formats/squashfs/plain.squashfs",
        how="mksquashfs, nothing compressed, no fragments",
        make=squashed_plain,
        tools=("mksquashfs",),
    ),
    Piece(
        path="formats/squashfs/acme-shop.snap", how="mksquashfs with meta/snap.yaml", make=snap, tools=("mksquashfs",)
    ),
    *(
        Piece(
            path=f"formats/initrd/{form}.img",
            how=f"cpio newc, {' '.join(command) or 'not compressed'}",
            make=initrd(form),
            tools=("cpio", *command[:1]),
        )
        for form, command in INITRDS.items()
    ),
    Piece(
        path="formats/initrd/microcode-zstd.img",
        how="an early uncompressed cpio, then zstd",
        make=initrd("zstd", early=True),
        tools=("cpio", "zstd"),
    ),
    Piece(
        path="formats/initrd/installer.gz",
        how="from Debian's debian-installer-12-netboot-amd64",
        make=from_deb("debian-installer-12-netboot-amd64", "**/text/**/initrd.gz"),
    ),
    *(
        Piece(path=f"formats/disk/{kind}.img", how=f"mke2fs -t {kind} -d", make=extended(kind), tools=("mke2fs",))
        for kind in ("ext2", "ext3", "ext4")
    ),
    *(
        Piece(
            path=f"formats/disk/{label}.img",
            how=f"sfdisk, {label}, one ext4",
            make=partitioned(label),
            tools=("sfdisk",),
        )
        for label in ("gpt", "dos")
    ),
    *(
        Piece(path=f"formats/cpio/{form}.cpio", how=f"cpio -H {form}", make=cpio(form), tools=("cpio",))
        for form in ("newc", "crc", "odc", "bin")
    ),
)
