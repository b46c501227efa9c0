"""Container images from layers: docker-save and OCI, plain, gzip, zstd and mixed, as tar and as folder.

What skopeo writes is skopeo's own (docker-save, OCI gzip and zstd); a mix of plain and gzip layers in one image is
something that only a registry's tools write, so those are written here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus.workshop import MOMENT, Workshop

CREATED = "2023-11-14T22:13:20Z"
OCI = "application/vnd.oci.image"


@dataclass(frozen=True)
class Layer:
    """An uncompressed layer as a file, and the instruction that made it."""

    path: Path
    instruction: str


def tar_of(root: Path, target: Path, *, exclude: Sequence[str] = ()) -> Path:
    """A folder as a layer, in the order of names, by GNU tar."""
    target.parent.mkdir(parents=True, exist_ok=True)
    left_out = [f"--exclude={each}" for each in exclude]
    order = ("--sort=name", "--numeric-owner", f"--mtime=@{MOMENT}")
    subprocess.run(["tar", *order, *left_out, "-cf", target, "-C", root, "."], check=True)
    return target


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def config(layers: Sequence[Layer], digests: Sequence[str]) -> bytes:
    """The image's configuration, with one line of history a layer."""
    return json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": CREATED,
            "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{each}" for each in digests]},
            "history": [{"created": CREATED, "created_by": layer.instruction} for layer in layers],
        }
    ).encode()


def docker_save(target: Path, layers: Sequence[Layer], tag: str) -> None:
    """The tar that ``docker save`` writes, layers plain and beside the manifest by their digest."""
    digests = [sha256(layer.path) for layer in layers]
    body = config(layers, digests)
    name = hashlib.sha256(body).hexdigest()
    manifest = [{"Config": f"{name}.json", "RepoTags": [tag], "Layers": [f"{each}/layer.tar" for each in digests]}]
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for digest, layer in zip(digests, layers, strict=True):
            _add(archive, f"{digest}/layer.tar", layer.path)
        _add(archive, f"{name}.json", body)
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def oci(folder: Path, layers: Sequence[Layer], tag: str, *, forms: Sequence[str]) -> None:
    """An OCI layout as a folder; ``forms`` says ``plain``, ``gzip`` or ``zstd`` for each layer."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    digests = [sha256(layer.path) for layer in layers]
    stored = [_compressed(blobs, layer.path, form) for layer, form in zip(layers, forms, strict=True)]
    suffix = {"plain": "", "gzip": "+gzip", "zstd": "+zstd"}
    described = [
        {"mediaType": f"{OCI}.layer.v1.tar{suffix[form]}", "digest": f"sha256:{path.name}", "size": path.stat().st_size}
        for path, form in zip(stored, forms, strict=True)
    ]
    own = _blob(blobs, config(layers, digests), f"{OCI}.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "config": own, "layers": described}
    entry = _blob(blobs, json.dumps(manifest).encode(), f"{OCI}.manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
    entry["platform"] = {"architecture": "amd64", "os": "linux"}
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def pack(shop: Workshop, folder: Path, target: Path) -> None:
    """An OCI folder as one tar, names without ``./`` (Syft refuses those)."""
    shop.run("tar", "--sort=name", "-cf", target, *sorted(path.name for path in folder.iterdir()), cwd=folder)


def _compressed(blobs: Path, layer: Path, form: str) -> Path:
    part = blobs / "part"
    match form:
        case "gzip":
            with layer.open("rb") as source, part.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
                shutil.copyfileobj(source, out, 1 << 20)
        case "zstd":
            subprocess.run(["zstd", "-q", "-3", "-o", part, layer], check=True)
        case _:
            shutil.copyfile(layer, part)
    final = blobs / sha256(part)
    part.rename(final)
    return final


def _blob(blobs: Path, body: bytes, media: str) -> dict[str, object]:
    digest = hashlib.sha256(body).hexdigest()
    (blobs / digest).write_bytes(body)
    return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(body)}


def _add(archive: tarfile.TarFile, name: str, content: Path | bytes) -> None:
    info = tarfile.TarInfo(name)
    info.mtime = MOMENT
    if isinstance(content, bytes):
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
        return
    info.size = content.stat().st_size
    with content.open("rb") as file:
        archive.addfile(info, file)
