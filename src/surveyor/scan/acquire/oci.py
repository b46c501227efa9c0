"""OCI image layout, in a tar or in a directory: every image manifest of its index, nested indexes too.

Read by the image-layout, index and manifest parts of the OCI image specification 1.1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from surveyor.scan.acquire.interface import (
    DOCUMENT,
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
from surveyor.scan.formats.oci import ATTESTATION, LAYERS, MANIFESTS, Descriptor, is_digest
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.vocabulary import counted

_NAMED = regex("[/:]")


def detect(origin: Origin) -> bool:
    """A layout has an index and says so in ``oci-layout``; of one whose index is cut short, only layers remain."""
    if origin.store is None or any(origin.store.get(name) is None for name in ("oci-layout", "index.json")):
        return False
    return origin.damage is None or _is_index(origin.store)


def _is_index(store: Store) -> bool:
    try:
        return isinstance(load(store.get("index.json"), "index.json"), dict)
    except ScanError:
        return False


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
        name=shared_name(image.name for image in reading.images if image.name and _NAMED.search(image.name)),
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
            descriptor = Descriptor.read(one)
            self.seen += 1
            if self.seen > MANIFESTS:
                detail = f"index names more than {MANIFESTS} manifests"
                self._missed(CoverageState.PARTIAL, "limit_exceeded", detail, None)
                return
            try:
                self._descriptor(descriptor, name=descriptor.name or name, depth=depth)
            except ScanError as error:
                self._missed(CoverageState.FAILED, error.code, str(error), descriptor.digest)

    def _descriptor(self, descriptor: Descriptor, *, name: str | None, depth: int) -> None:
        digest, platform = descriptor.digest, descriptor.platform
        if platform == ATTESTATION:
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
        if not _is(blob, digest):
            detail = f"the bytes named {digest[:19]} are not those of this digest"
            self._missed(CoverageState.FAILED, "wrong_digest", detail, digest, path=_path(digest))
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
        declared = [Descriptor.read(one) for one in sequence(document.get("layers"))]
        told = self._configuration(document, len(declared), digest)
        layers = [
            layer
            for index, one in enumerate(declared[:LAYERS])
            if (layer := self._layer(one, told.instruction(index, len(declared))))
        ]
        if len(declared) > LAYERS:
            detail = f"manifest names {len(declared):,} layers, {LAYERS} are looked at"
            self._missed(CoverageState.PARTIAL, "limit_exceeded", detail, digest)
        return Image(layers=tuple(layers), name=name, digest=digest, platform=platform or told.platform, overlaid=True)

    def _layer(self, descriptor: Descriptor, instruction: str | None) -> TarLayer | None:
        digest, declared = descriptor.digest, descriptor.size
        blob = _blob(self.store, digest)
        if not descriptor.filesystem:
            detail = f"layer of type {descriptor.media_type}"
            self._missed(CoverageState.SKIPPED, "no_filesystem", detail, digest)
            return None
        if blob is None:
            self._missed(CoverageState.FAILED, "not_in_archive", "layer is named and not in this archive", digest)
            return None
        if declared is not None and declared != len(blob):
            # what is there is read all the same
            detail = f"layer has {len(blob):,} bytes and its manifest says {declared:,}: it is cut short or another one"
            self._missed(CoverageState.FAILED, "wrong_size", detail, digest, path=_path(digest))
        place = _path(digest)
        return TarLayer(blob=blob, digest=digest, place=place, declared=declared, instruction=instruction)

    def _configuration(self, document: dict[str, object], count: int, digest: str) -> Configuration:
        """Tell when the image's configuration knows of more or fewer layers; one that names none says nothing."""
        named = mapping(document.get("config")).get("digest")
        blob = _blob(self.store, str(named)) if is_digest(named) else None
        if blob is None and is_digest(named):
            self._missed(CoverageState.SKIPPED, "not_in_archive", UNCONFIGURED, digest, path=_path(str(named)))
        told = configuration(blob)
        if told.diff_ids and len(told.diff_ids) != count:
            detail = f"manifest names {counted(count, 'layer')}, the image's configuration {len(told.diff_ids):,}"
            self._missed(CoverageState.PARTIAL, "layer_count", detail, digest, path=_path(str(named)))
        return told

    def _missed(
        self, state: CoverageState, reason: str, detail: str, layer: str | None, *, path: str | None = None
    ) -> None:
        self.coverage.append(
            Coverage(what="acquire.oci", state=state, reason=reason, detail=detail[:300], layer=layer, path=path)
        )


def _path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/", 1)


def _blob(store: Store, digest: str) -> Blob | None:
    return store.get(_path(digest))


def _is(blob: Blob, digest: str) -> bool:
    """Whether the bytes of a document have its digest; asked of the small ones only, since those are read anyway."""
    algorithm, _, wanted = digest.partition(":")
    return algorithm != "sha256" or len(blob) > DOCUMENT or hashlib.sha256(blob.view()).hexdigest() == wanted


ACQUIRER = Acquirer(
    id="oci",
    version=2,
    summary="OCI image layout in a tar or a directory",
    detect=detect,
    read=read,
    endings=rb"tar",
)
