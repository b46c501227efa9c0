"""What ``docker save`` writes: a manifest.json that names each image's layers (Docker image specification 1.2)."""

from __future__ import annotations

import posixpath

from surveyor.scan.acquire.interface import (
    UNCONFIGURED,
    Acquirer,
    Artifact,
    Configuration,
    Image,
    Origin,
    Store,
    configuration,
    load,
    mapping,
    sequence,
    shared_name,
)
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.formats.oci import LAYERS
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.vocabulary import counted

_IMAGES = 64
_TAGS = 64


def detect(origin: Origin) -> bool:
    """The archive has a manifest.json that is a list of images."""
    if origin.store is None or (blob := origin.store.get("manifest.json")) is None:
        return False
    try:
        images = sequence(load(blob, "manifest.json"))
    except ScanError:
        # broken, but the name and the list around it say whose it is; of one that is cut short itself, layers remain
        return blob.head(1) == b"[" and origin.damage is None
    return any("Layers" in mapping(image) for image in images)


def read(origin: Origin, _budget: Budget) -> Artifact:
    """All images of the archive, layers in the order of the manifest, whatever order or links the archive has."""
    if origin.store is None:
        raise Malformed("image archive without members")
    coverage: list[Coverage] = []
    documents = [mapping(one) for one in sequence(load(origin.store.get("manifest.json"), "manifest.json"))]
    images = [_image(origin.store, document, coverage) for document in documents[:_IMAGES]]
    if len(documents) > _IMAGES:
        detail = f"manifest.json names {len(documents):,} images, {_IMAGES} are looked at"
        coverage.append(_missed(CoverageState.PARTIAL, "limit_exceeded", detail))
    if not any(image.layers for image in images):
        raise Malformed("manifest.json names no layer that is in the archive")
    name = shared_name(image.name for image in images)
    return Artifact(type="container", images=tuple(images), name=name, coverage=tuple(coverage))


def _image(store: Store, document: dict[str, object], coverage: list[Coverage]) -> Image:
    paths = [path for path in sequence(document.get("Layers")) if isinstance(path, str)]
    told = _configuration(store, document, len(paths), coverage)
    contents = told.diff_ids if len(told.diff_ids) == len(paths) else (None,) * len(paths)
    layers: list[TarLayer] = []
    for index, (path, content) in enumerate(list(zip(paths, contents, strict=True))[:LAYERS]):
        blob = store.get(posixpath.normpath(path))
        if blob is None:
            detail = "layer is named in manifest.json and not in this archive"
            coverage.append(_missed(CoverageState.FAILED, "not_in_archive", detail, path=path, layer=content))
        else:
            made = told.instruction(index, len(paths))
            layers.append(TarLayer(blob=blob, digest=content or path, place=path, content=content, instruction=made))
    if len(paths) > LAYERS:
        detail = f"manifest.json names {len(paths):,} layers, {LAYERS} are looked at"
        coverage.append(_missed(CoverageState.PARTIAL, "limit_exceeded", detail))
    tags = [tag for tag in sequence(document.get("RepoTags")) if isinstance(tag, str)]
    names = tuple(tag[:300] for tag in tags[:_TAGS])
    return Image(
        layers=tuple(layers),
        name=names[0] if names else None,
        aliases=names[1:],
        platform=told.platform,
        overlaid=True,
    )


def _configuration(store: Store, document: dict[str, object], count: int, coverage: list[Coverage]) -> Configuration:
    """What the image's configuration says; without digests of all layers in it these keep their path as a name."""
    config = document.get("Config")
    blob = store.get(posixpath.normpath(config)) if isinstance(config, str) else None
    if blob is None and isinstance(config, str):
        coverage.append(_missed(CoverageState.SKIPPED, "not_in_archive", UNCONFIGURED, path=config))
    told = configuration(blob)
    if told.diff_ids and len(told.diff_ids) != count:
        detail = f"manifest.json names {counted(count, 'layer')}, the image's configuration {len(told.diff_ids):,}"
        path = config if isinstance(config, str) else None
        coverage.append(_missed(CoverageState.PARTIAL, "layer_count", detail, path=path))
    return told


def _missed(
    state: CoverageState, reason: str, detail: str, *, path: str | None = None, layer: str | None = None
) -> Coverage:
    return Coverage(what="acquire.docker", state=state, reason=reason, detail=detail, path=path, layer=layer)


ACQUIRER = Acquirer(id="docker", version=2, summary="docker save archive", detect=detect, read=read, endings=rb"tar")
