"""The two images in every packing: docker-save, plain and gzip; OCI gzip and zstd, as tar and as folder; mixed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus import layers
from benchmarks.corpus.images import Layer, docker_save, oci, pack
from benchmarks.corpus.workshop import Piece, Workshop

Layers = Callable[[Workshop], list[Layer]]
TAG = "corpus/{}:1"


def saved(name: str, of: Layers) -> Callable[[Workshop, Path], None]:
    return lambda shop, target: docker_save(target, of(shop), TAG.format(name))


def saved_gzip(name: str, of: Layers) -> Callable[[Workshop, Path], None]:
    """The whole docker-save, as ``docker save | gzip`` gives it."""

    def make(shop: Workshop, target: Path) -> None:
        plain = shop.folder / "images" / f"{name}-docker.tar"
        if not plain.is_file():
            saved(name, of)(shop, plain)
        shop.run("gzip", "-6nk", "-S", ".gz", "-f", plain)
        plain.with_name(plain.name + ".gz").rename(target)

    return make


def folder(name: str, of: Layers, form: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        found = of(shop)
        forms = [("plain", "gzip")[at % 2] if form == "mixed" else form for at in range(len(found))]
        oci(target, found, TAG.format(name), forms=forms)

    return make


def archive(name: str, form: str) -> Callable[[Workshop, Path], None]:
    """The folder beside it as one tar."""
    return lambda shop, target: pack(shop, shop.folder / "images" / f"{name}-oci-{form}", target)


def by_skopeo(name: str) -> Callable[[Workshop, Path], None]:
    """The OCI folder turned into a docker-save by skopeo, with its links ``ID/layer.tar``."""

    def make(shop: Workshop, target: Path) -> None:
        source = f"oci:{shop.folder}/images/{name}-oci-gzip:{TAG.format(name)}"
        shop.run("skopeo", "--insecure-policy", "copy", "-q", source, f"docker-archive:{target}:{TAG.format(name)}")

    return make


def by_umoci(name: str) -> Callable[[Workshop, Path], None]:
    """One more layer by umoci, which writes no end to it."""

    def make(shop: Workshop, target: Path) -> None:
        work = shop.scratch("umoci")
        shutil.copytree(shop.folder / "images" / f"{name}-oci-gzip", work / "oci")
        (work / "new.js").mkdir()
        (work / "new.js" / "package.json").write_text('{"name": "umoci-added", "version": "1.2.3"}')
        image = f"{work}/oci:{TAG.format(name)}"
        shop.run("umoci", "insert", "--image", image, work / "new.js", "/srv/node_modules/umoci-added")
        pack(shop, work / "oci", target)

    return make


def pieces(name: str, of: Layers) -> tuple[Piece, ...]:
    """All packings of one image; the folders come first, the tars are made of them."""
    place = f"images/{name}"
    return (
        Piece(
            path=f"{place}-docker.tar",
            how="debootstrap, pip, npm, apt-get download; docker-save, our own writer",
            make=saved(name, of),
        ),
        Piece(path=f"{place}-docker.tar.gz", how="the same, gzip -6", make=saved_gzip(name, of)),
        *(
            Piece(path=f"{place}-oci-{form}", how=f"OCI layout as a folder, layers {form}", make=folder(name, of, form))
            for form in ("gzip", "zstd", "mixed")
        ),
        *(
            Piece(path=f"{place}-oci-{form}.tar", how="that folder as a tar", make=archive(name, form))
            for form in ("gzip", "zstd", "mixed")
        ),
        Piece(
            path=f"{place}-skopeo.tar", how="skopeo copy oci: docker-archive:", make=by_skopeo(name), tools=("skopeo",)
        ),
        Piece(
            path=f"{place}-umoci.tar", how="umoci insert: a layer without an end", make=by_umoci(name), tools=("umoci",)
        ),
    )


#: What says nothing new when it is big.
SMALL_ONLY = ("-skopeo.tar", "-umoci.tar", "-mixed", "-mixed.tar")
SMALL = pieces("small", layers.small)
BIG = (
    *(piece for piece in pieces("big", layers.big) if not piece.path.endswith(SMALL_ONLY)),
    Piece(path="images/huge-rootfs.tar.zst", how="debootstrap, apt-get install; zstd -3", make=layers.huge),
)
