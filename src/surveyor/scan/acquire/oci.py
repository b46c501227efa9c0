"""OCI image layout, in a tar or in a directory: every image manifest of its index, nested indexes too.

Read by the image-layout, index and manifest parts of the OCI image specification 1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin, Store, load, mapping, sequence
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.tar import TarLayer

_DIGEST = re.compile(r"(?P<algorithm>[a-z0-9+._-]{1,32}):(?P<hex>[0-9a-f]{32,128})")
_NAMED = re.compile("[/:]")
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_MANIFESTS = 64
_LAYERS = 512


def detect(origin: Origin) -> bool:
    """A layout has an index and says so in ``oci-layout``."""
    return origin.store is not None and all(origin.store.get(name) is not None for name in ("oci-layout", "index.json"))


def read(origin: Origin, budget: Budget) -> Artifact:
    """All images of the layout; what is named and not there, or is no image, becomes coverage."""
    if origin.store is None:
        raise Malformed("OCI layout without members")
    reading = _Reading(store=origin.store)
    reading.index(load(origin.store.get("index.json"), "index.json"), name=None, depth=budget.limits.depth)
    if not reading.images:
        reasons = "; ".join(entry.detail or "" for entry in reading.coverage[:3]) or "its index names none"
        raise Malformed(f"OCI layout holds no image that can be read: {reasons}")
    return Artifact(
        type="container",
        images=tuple(reading.images),
        # the annotation may be a bare tag ("1"), which names nothing
        name=next((image.name for image in reading.images if image.name and _NAMED.search(image.name)), None),
        digest=reading.images[0].digest if len(reading.images) == 1 else None,
        coverage=tuple(reading.coverage),
    )


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One pass over an index and all it names."""

    store: Store
    images: list[Image] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    seen: int = 0

    def index(self, document: object, *, name: str | None, depth: int) -> None:
        """Take every descriptor of one index; a nested index lends its name to what is inside."""
        for one in sequence(mapping(document).get("manifests")):
            descriptor = mapping(one)
            self.seen += 1
            if self.seen > _MANIFESTS:
                self._missed(
                    CoverageState.PARTIAL, "limit_exceeded", f"index names more than {_MANIFESTS} manifests", None
                )
                return
            try:
                self._descriptor(descriptor, name=_name(descriptor) or name, depth=depth)
            except ScanError as error:
                self._missed(CoverageState.FAILED, error.code, str(error), _digest(descriptor))

    def _descriptor(self, descriptor: dict[str, object], *, name: str | None, depth: int) -> None:
        digest, platform = _digest(descriptor), _platform(descriptor)
        if platform == "unknown/unknown":
            self._missed(CoverageState.SKIPPED, "attestation", "attestation manifest, no image", digest)
            return
        blob = _blob(self.store, digest)
        if blob is None:
            # docker save of one platform keeps the whole index and leaves the other platforms out
            self._missed(
                CoverageState.SKIPPED,
                "not_in_archive",
                f"image {platform or ''} is named and not in this archive",
                digest,
            )
            return
        document = mapping(load(blob, digest))
        if "manifests" in document:
            if depth <= 0:
                raise Malformed("indexes are nested too deep")
            self.index(document, name=name, depth=depth - 1)
        elif sequence(document.get("layers")):
            self.images.append(self._image(document, digest=digest, name=name, platform=platform))
        else:
            self._missed(CoverageState.SKIPPED, "no_layers", "manifest names no layers", digest)

    def _image(self, document: dict[str, object], *, digest: str, name: str | None, platform: str | None) -> Image:
        layers: list[TarLayer] = []
        for one in sequence(document.get("layers"))[:_LAYERS]:
            layer = mapping(one)
            blob = _blob(self.store, _digest(layer))
            if "tar" not in str(layer.get("mediaType", "tar")):
                self._missed(
                    CoverageState.SKIPPED, "no_filesystem", f"layer of type {layer.get('mediaType')}", _digest(layer)
                )
            elif blob is None:
                self._missed(
                    CoverageState.FAILED, "not_in_archive", "layer is named and not in this archive", _digest(layer)
                )
            else:
                layers.append(TarLayer(blob=blob, digest=_digest(layer)))
        return Image(layers=tuple(layers), name=name, digest=digest, platform=platform, overlaid=True)

    def _missed(self, state: CoverageState, reason: str, detail: str, layer: str | None) -> None:
        self.coverage.append(Coverage(what="acquire.oci", state=state, reason=reason, detail=detail[:300], layer=layer))


def _digest(descriptor: dict[str, object]) -> str:
    digest = descriptor.get("digest")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise Malformed("descriptor has no usable digest")
    return digest


def _blob(store: Store, digest: str) -> Blob | None:
    algorithm, _, name = digest.partition(":")
    return store.get(f"blobs/{algorithm}/{name}")


def _name(descriptor: dict[str, object]) -> str | None:
    annotations = mapping(descriptor.get("annotations"))
    return next((value[:300] for key in _NAMES if isinstance(value := annotations.get(key), str) and value), None)


def _platform(descriptor: dict[str, object]) -> str | None:
    platform = mapping(descriptor.get("platform"))
    parts = [platform.get(key) for key in ("os", "architecture", "variant")]
    return "/".join(part[:40] for part in parts if isinstance(part, str) and part) or None


ACQUIRER = Acquirer(id="oci", version=1, summary="OCI image layout in a tar or a directory", detect=detect, read=read)
