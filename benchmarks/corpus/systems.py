"""Small images of distributions whose registries are not at hand, and images of odd shape."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus.archives import tarred
from benchmarks.corpus.discs import little
from benchmarks.corpus.images import Layer, docker_save, oci, pack, tar_of
from benchmarks.corpus.java import ear
from benchmarks.corpus.workshop import Piece, Workshop, write

ALPINE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.17.2\nPRETTY_NAME="Alpine Linux v3.17"\n'
WOLFI = 'ID=wolfi\nNAME="Wolfi"\nPRETTY_NAME="Wolfi"\nVERSION_ID="20230201"\n'
ARCH = 'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n'
DISTROLESS = 'PRETTY_NAME="Distroless"\nNAME="Debian GNU/Linux"\nID="debian"\nVERSION_ID="12"\n'
APK = """C:Q1abcdefghijklmnopqrstuvwxyz1=
P:{name}
V:{version}
A:x86_64
S:383152
I:622592
T:{name}
U:https://shop.example/
L:{licence}
o:{origin}
m:Corpus <corpus@shop.example>
t:1675867379
F:lib
R:{name}.so
Z:Q1abcdefghijklmnopqrstuvwxyz1=

"""
APKS = (
    ("musl", "1.2.3-r4", "MIT", "musl"),
    ("libcrypto3", "3.0.8-r0", "Apache-2.0", "openssl"),
    ("libssl3", "3.0.8-r0", "Apache-2.0", "openssl"),
    ("busybox", "1.35.0-r29", "GPL-2.0-only", "busybox"),
    ("py3-requests", "2.28.1-r1", "Apache-2.0", "py3-requests"),
)
STATUS = """Package: {name}
Source: {source}
Version: {version}
Architecture: amd64
Maintainer: Corpus <corpus@shop.example>
Description: a package
"""
DEBS = (("libc6", "glibc", "2.36-9+deb12u1"), ("libssl3", "openssl", "3.0.8-1"), ("tzdata", "tzdata", "2023c-5"))


def one(files: dict[str, str | bytes], tag: str) -> Callable[[Workshop, Path], None]:
    """An image of one layer."""

    def make(shop: Workshop, target: Path) -> None:
        root = write(shop.scratch("one"), files)
        layer = tar_of(root, shop.scratch("layers") / "0.tar")
        docker_save(target, [Layer(layer, "ADD files /")], f"corpus/{tag}:1")

    return make


def apk_files(release: str) -> dict[str, str | bytes]:
    rows = (dict(zip(("name", "version", "licence", "origin"), each, strict=True)) for each in APKS)
    return {"etc/os-release": release, "lib/apk/db/installed": "".join(APK.format(**row) for row in rows)}


def pacman(shop: Workshop, target: Path) -> None:
    """Two packages that pacman itself installed."""
    root = shop.scratch("pacman")
    (root / "var/lib/pacman").mkdir(parents=True)
    for name, version in (("acme-tool", "1.4.2-3"), ("acme-epoch", "2:8.0.1-1")):
        build = shop.scratch("pacman-package")
        info = f"pkgname = {name}\npkgbase = acme\npkgver = {version}\npkgdesc = A tool\narch = x86_64\n"
        info += "builddate = 1700000000\nsize = 10\nlicense = MIT\npackager = Corpus <corpus@shop.example>\n"
        write(build, {".PKGINFO": info, f"usr/share/{name}/readme": "a tool\n"})
        file = build.with_name(f"{name}.pkg.tar.zst")
        shop.run("bsdtar", "--zstd", "-cf", file, ".PKGINFO", "usr", cwd=build)
        config = write(
            shop.scratch("pacman-config"), {"pacman.conf": "[options]\nArchitecture = x86_64\nSigLevel = Never\n"}
        )
        place = ("--root", root, "--dbpath", root / "var/lib/pacman", "--config", config / "pacman.conf")
        shop.run("pacman", "-U", "--noconfirm", "--noscriptlet", *place, file)
    write(root, {"etc/os-release": ARCH})
    docker_save(target, [Layer(tar_of(root, shop.scratch("layers") / "0.tar"), "COPY root /")], "corpus/arch:1")


def several(shop: Workshop, target: Path) -> None:
    """Two images in one docker-save, with one layer in common."""
    folder = shop.scratch("several")
    for name, version in (("common", "1.0.0"), ("first", "2.0.0"), ("second", "3.0.0")):
        text = json.dumps({"name": f"layer-{name}", "version": version})
        (folder / f"{name}.tar").write_bytes(tarred({f"srv/node_modules/layer-{name}/package.json": text}))
    common = Layer(folder / "common.tar", "COPY common /")
    parts = []
    for name in ("first", "second"):
        docker_save(
            folder / f"{name}.save", [common, Layer(folder / f"{name}.tar", f"COPY {name} /")], f"corpus/{name}:1"
        )
        root = folder / f"{name}.d"
        root.mkdir()
        shop.run("tar", "-xf", folder / f"{name}.save", cwd=root)
        parts.append(root)
    merged = shop.scratch("merged")
    manifest = []
    for root in parts:
        manifest += json.loads((root / "manifest.json").read_text())
        shutil.copytree(root, merged, dirs_exist_ok=True)
    (merged / "manifest.json").write_text(json.dumps(manifest))
    shop.run("tar", "--sort=name", "-cf", target, *sorted(path.name for path in merged.iterdir()), cwd=merged)


def half_packed(shop: Workshop, target: Path) -> None:
    """A docker-save of two layers, the second in gzip."""
    work = shop.scratch("half")
    root = tar_of(mixed_root(shop), work / "root.tar")
    text = json.dumps({"name": "in-gzip", "version": "1.0.0"})
    (work / "second.tar").write_bytes(tarred({"srv/node_modules/in-gzip/package.json": text}))
    docker_save(work / "plain.tar", [Layer(root, "COPY root /"), Layer(work / "second.tar", "COPY srv /srv")], "half:1")
    folder = work / "image"
    folder.mkdir()
    shop.run("tar", "-xf", work / "plain.tar", cwd=folder)
    second = folder / json.loads((folder / "manifest.json").read_text())[0]["Layers"][1]
    second.write_bytes(shop.run("gzip", "-nc", stdin=second.read_bytes()))
    shop.run("tar", "--sort=name", "-cf", target, *sorted(path.name for path in folder.iterdir()), cwd=folder)


def platforms(shop: Workshop, target: Path) -> None:
    """An OCI layout with an index of two platforms inside its index, as buildx writes it."""
    work = shop.scratch("platforms")
    merged = work / "merged"
    entries = []
    for architecture in ("amd64", "arm64"):
        text = json.dumps({"name": f"for-{architecture}", "version": "1.0.0"})
        layer = work / f"{architecture}.tar"
        layer.write_bytes(tarred({f"srv/node_modules/for-{architecture}/package.json": text}))
        oci(work / architecture, [Layer(layer, "COPY srv /srv")], "x", forms=["gzip"])
        entry = json.loads((work / architecture / "index.json").read_text())["manifests"][0]
        entry["platform"]["architecture"] = architecture
        entries.append({key: value for key, value in entry.items() if key != "annotations"})
        shutil.copytree(work / architecture, merged, dirs_exist_ok=True)
    media = "application/vnd.oci.image.index.v1+json"
    inner = json.dumps({"schemaVersion": 2, "mediaType": media, "manifests": entries}).encode()
    from hashlib import sha256

    digest = sha256(inner).hexdigest()
    (merged / "blobs/sha256" / digest).write_bytes(inner)
    outer = {"mediaType": media, "digest": f"sha256:{digest}", "size": len(inner)}
    (merged / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [outer]}))
    pack(shop, merged, target)


def dotted(shop: Workshop, target: Path) -> None:
    """An OCI tar whose names begin with ``./``."""
    work = shop.scratch("dotted")
    layer = work / "layer.tar"
    layer.write_bytes(tarred(apk_files(ALPINE)))
    oci(work / "oci", [Layer(layer, "ADD files /")], "corpus/dotted:1", forms=["gzip"])
    shop.run("tar", "-cf", target, ".", cwd=work / "oci")


def mixed_root(shop: Workshop) -> Path:
    """A system with Debian packages, npm, Python, Java, Go and Rust on it."""

    def fill(folder: Path) -> None:
        shop.run("cp", "-a", f"{little(shop)}/.", folder)
        (folder / "opt").mkdir(exist_ok=True)
        ear(shop, folder / "opt" / "shop.ear")
        (folder / "usr/local/bin").mkdir(parents=True, exist_ok=True)
        for name in ("esbuild-0.25.0-linux-amd64", "uv-0.13.8-linux-amd64"):
            shutil.copy(shop.folder / "formats" / "program" / name, folder / "usr/local/bin" / name)
            (folder / "usr/local/bin" / name).chmod(0o755)

    return shop.kept("mixed", fill)


def mixed(shop: Workshop, target: Path) -> None:
    layer = tar_of(mixed_root(shop), shop.scratch("layers") / "0.tar")
    docker_save(target, [Layer(layer, "COPY root /")], "corpus/mixed:1")


def rootfs(shop: Workshop, target: Path) -> None:
    """The same system as a tar of a root, no image."""
    tar_of(mixed_root(shop), target)


S = "formats/system"
STATUS_D = {
    f"var/lib/dpkg/status.d/{name}": STATUS.format(name=name, source=source, version=version)
    for name, source, version in DEBS
}
PIECES = (
    Piece(path=f"{S}/alpine.tar", how="an apk database set down by hand", make=one(apk_files(ALPINE), "alpine")),
    Piece(path=f"{S}/wolfi.tar", how="the same under Wolfi's os-release", make=one(apk_files(WOLFI), "wolfi")),
    Piece(
        path=f"{S}/distroless.tar",
        how="dpkg status.d set down by hand",
        make=one({"etc/os-release": DISTROLESS, "etc/debian_version": "12.4\n", **STATUS_D}, "distroless"),
    ),
    Piece(path=f"{S}/arch.tar", how="bsdtar, pacman -U", make=pacman, tools=("pacman", "bsdtar")),
    Piece(path=f"{S}/mixed.tar", how="debootstrap and six ecosystems", make=mixed, tools=("debootstrap",)),
    Piece(path=f"{S}/mixed-rootfs.tar", how="the same as a root", make=rootfs, tools=("debootstrap",)),
    Piece(path=f"{S}/several.tar", how="two images in one docker-save", make=several),
    Piece(path=f"{S}/half-packed.tar", how="docker-save, one layer plain, one gzip", make=half_packed),
    Piece(path=f"{S}/platforms.tar", how="two platforms in one OCI layout", make=platforms),
    Piece(path=f"{S}/dotted.tar", how="an OCI tar with ./ names", make=dotted),
)
