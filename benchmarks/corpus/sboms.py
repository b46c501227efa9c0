"""Software bills of materials of the mixed system, written by Syft and Trivy in each of their forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus.workshop import Missing, Piece, Workshop
from benchmarks.peers import TRIVY, Failed, Peers, peers, run

IMAGE = "formats/system/mixed.tar"
#: Form → what Syft calls it, and what Trivy calls it when it writes it.
FORMS = {
    "cyclonedx.json": ("cyclonedx-json", "cyclonedx"),
    "cyclonedx.xml": ("cyclonedx-xml", ""),
    "spdx.json": ("spdx-json", "spdx-json"),
    "spdx": ("spdx-tag-value", "spdx"),
    "syft.json": ("syft-json", ""),
}


def by(tool: str, form: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        found = peers(shop.folder / "peers")
        image = shop.folder / IMAGE
        if not image.is_file():
            raise Missing(IMAGE)
        try:
            target.write_bytes(run(command(found, tool, form, image)))
        except Failed as error:
            raise Missing(f"{tool}: {error}") from None

    return make


def command(found: Peers, tool: str, form: str, image: Path) -> list[str]:
    if tool == "syft":
        return [str(found.syft), "scan", "-q", "-o", form, f"docker-archive:{image}"]
    place = ("--cache-dir", str(found.cache), "--input", str(image))
    return [str(found.trivy), "image", *TRIVY, "--format", form, *place]


PIECES = tuple(
    Piece(path=f"formats/sbom/{tool}.{suffix}", how=f"{tool}, {name}, of {IMAGE}", make=by(tool, name))
    for suffix, names in FORMS.items()
    for tool, name in zip(("syft", "trivy"), names, strict=True)
    if name
)
