"""An image in a registry: the manifest of one platform is chosen, its layers come verified, none is unpacked.

Read by the manifest, index and configuration parts of the OCI image specification 1.1; Docker's schema 2 has the same
members. Each layer lies in a file without a name, as it was sent.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from surveyor.scan.acquire.interface import (
    DOCUMENT,
    Artifact,
    Configuration,
    Image,
    configuration,
    load,
    mapping,
    sequence,
)
from surveyor.scan.acquire.pull.bringing import Bringing, sized
from surveyor.scan.acquire.pull.waiting import Waiting
from surveyor.scan.errors import Absent, LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.events import Progress
from surveyor.scan.formats.oci import ATTESTATION, LAYERS, MANIFESTS, Descriptor
from surveyor.scan.formats.reference import Platform, Reference
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.net.registry import INDEXES, Document, Registry
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.vocabulary import counted

ID, VERSION = "registry", 1


#: The digests of those layers of an image that need not come, since what a look at them gives is known.
Known = Callable[[Image], Collection[str]]


def pull(
    reference: Reference,
    registry: Registry,
    budget: Budget,
    progress: Progress,
    *,
    platform: Platform | None = None,
    known: Known = lambda _image: (),
) -> Artifact:
    """The image that a name stands for, of ``platform`` or else of Linux on this machine's processor.

    A layer that cannot be had becomes coverage. Raises when there is no image: ``Absent``, ``Denied``, ``Unreachable``,
    ``Refused``, ``Malformed``, ``Unsupported``, ``LimitExceeded``.
    """
    with Waiting(progress, budget) as waiting:
        bringing = Bringing(registry, budget, progress)
        return _Pull(reference, registry, budget, waiting, platform, bringing).image(known)


@dataclass(slots=True)
class _Pull:
    """One image on its way."""

    reference: Reference
    registry: Registry
    budget: Budget
    waiting: Waiting
    platform: Platform | None
    bringing: Bringing
    coverage: list[Coverage] = field(default_factory=list)

    def image(self, known: Known) -> Artifact:
        """Everything from the name to the layers."""
        asked = self.waiting.one(lambda: self.registry.manifest(self.reference.wanted), f"ask for {self.reference}")
        document, platform = self._chosen(asked)
        manifest = mapping(_load(document))
        if not sequence(manifest.get("layers")):
            raise Unsupported(f"{self.reference} is no image: its manifest names no layers")
        declared = [Descriptor.read(one) for one in sequence(manifest.get("layers"))]
        told = self._configuration(manifest, len(declared), document.digest)
        platform = platform or told.platform
        if self.platform is not None and platform is not None and not self.platform.fits(platform):
            raise Absent(f"{self.reference} has no image for {self.platform}: it is of {platform} only")
        layers, name = self._layers(declared, told), str(self.reference)
        image = Image(layers=layers, name=name, digest=document.digest, platform=platform, overlaid=True)
        image = replace(image, layers=self._brought(layers, known(image)))
        return Artifact(
            type="container", images=(image,), name=name, digest=document.digest, coverage=tuple(self.coverage)
        )

    def _chosen(self, asked: Document) -> tuple[Document, str | None]:
        """The manifest itself, or that of an index's images which is of the platform; the others are told."""
        if "manifests" not in mapping(_load(asked)):
            return asked, None
        listed = list(self._listed(asked, self.budget.limits.depth, [0]))
        wanted = self.platform or Platform.here()
        chosen = next((one for one in listed if wanted.fits(one.platform)), None)
        if chosen is None and len(listed) == 1 and listed[0].platform is None:
            chosen = listed[0]
        if chosen is None:
            there = ", ".join(sorted({one.platform or "one that is not named" for one in listed})) or "none at all"
            raise Absent(f"{self.reference} has no image for {wanted}; it has: {there}")
        for other in listed:
            if other is not chosen:
                detail = f"image of {other.platform or 'no named platform'} is not the one that was chosen"
                self._missed(CoverageState.SKIPPED, "not_chosen", detail, other.digest)
        digest, size = chosen.digest, chosen.size
        return self.waiting.one(lambda: self.registry.manifest(digest, size=size), f"ask for {digest}"), chosen.platform

    def _listed(self, index: Document, depth: int, seen: list[int]) -> Iterator[Descriptor]:
        """Every image of an index and of the indexes in it, ``seen`` counting over all."""
        # a slice, so that millions of nothings are not held while an inner index is read
        for one in sequence(mapping(_load(index)).get("manifests"))[: MANIFESTS + 1]:
            descriptor = Descriptor.read(one)
            seen[0] += 1
            if seen[0] > MANIFESTS:
                detail = f"index names more than {MANIFESTS} manifests"
                self._missed(CoverageState.PARTIAL, "limit_exceeded", detail, index.digest)
                return
            if descriptor.platform == ATTESTATION:
                self._missed(CoverageState.SKIPPED, "attestation", "attestation manifest, no image", descriptor.digest)
            elif descriptor.media_type not in INDEXES:
                yield descriptor
            elif depth <= 0:
                raise Malformed("indexes are nested too deep")
            else:
                inner = self.waiting.one(
                    lambda d=descriptor: self.registry.manifest(d.digest, size=d.size),  # type: ignore[misc]
                    f"ask for {descriptor.digest}",
                )
                yield from self._listed(inner, depth - 1, seen)

    def _configuration(self, manifest: dict[str, object], count: int, digest: str) -> Configuration:
        """The image's configuration; without it the layers are read all the same."""
        try:
            descriptor = Descriptor.read(manifest.get("config"))
            told = configuration(
                _held(self.waiting.one(lambda: self._document(descriptor), "ask for its configuration"))
            )
        except ScanError as error:
            self._failed(error, "the image's configuration", digest)
            return Configuration()
        if told.diff_ids and len(told.diff_ids) != count:
            detail = f"manifest names {counted(count, 'layer')}, the image's configuration {len(told.diff_ids):,}"
            self._missed(CoverageState.PARTIAL, "layer_count", detail, digest)
        return told

    def _document(self, descriptor: Descriptor) -> bytes:
        size = sized(descriptor.digest, descriptor.size)
        if size > DOCUMENT:
            raise LimitExceeded(f"it has {size:,} bytes")
        held = io.BytesIO()
        self.registry.blob(descriptor.digest, size, held, tick=lambda _count: self.budget.check_time())
        return held.getvalue()

    def _layers(self, declared: list[Descriptor], told: Configuration) -> tuple[TarLayer, ...]:
        """The layers in their order, none of which has come; of one that comes twice the bytes come once."""
        if len(declared) > LAYERS:
            detail = f"manifest names {len(declared):,} layers, {LAYERS} are looked at"
            self._missed(CoverageState.PARTIAL, "limit_exceeded", detail, None)
        contents = told.diff_ids if len(told.diff_ids) == len(declared) else (None,) * len(declared)
        for one in declared[:LAYERS]:
            if not one.filesystem:
                self._missed(CoverageState.SKIPPED, "no_filesystem", f"layer of type {one.media_type}", one.digest)
        made = (told.instruction(index, len(declared)) for index in range(len(declared)))
        wanted = [one for one in list(zip(declared, contents, made, strict=True))[:LAYERS] if one[0].filesystem]
        if not wanted:
            raise Unsupported(f"{self.reference} is no image of files: its layers are of other types")
        blobs = {one.digest: self.bringing.distant(one.digest, one.size) for one, _, _ in wanted}
        return tuple(
            TarLayer(
                blob=blobs[one.digest],
                digest=one.digest,
                place=f"blobs/{one.digest}",
                declared=one.size,
                content=content,
                instruction=instruction,
                verified=True,
            )
            for one, content, instruction in wanted
        )

    def _brought(self, layers: tuple[TarLayer, ...], known: Collection[str]) -> tuple[TarLayer, ...]:
        """The layers with the bytes of those that have to come, without those whose bytes cannot be had."""
        sizes = {layer.digest or "": layer.declared for layer in layers}
        left = {digest for digest, size in sizes.items() if size and digest in known}
        blobs, errors = self.bringing.now(
            {one: sizes[one] for one in sizes if one not in left}, len(left), self.waiting
        )
        for digest, error in errors.items():
            self._failed(error, "layer", digest)
        return tuple(
            replace(layer, blob=blobs.get(layer.digest or "", layer.blob))
            for layer in layers
            if layer.digest not in errors
        )

    def _failed(self, error: ScanError, what: str, digest: str) -> None:
        state = CoverageState.PARTIAL if isinstance(error, LimitExceeded) else CoverageState.FAILED
        self._missed(state, getattr(error, "rule", None) or error.code, f"{what}: {error}", digest)

    def _missed(self, state: CoverageState, reason: str, detail: str, layer: str | None) -> None:
        self.coverage.append(
            Coverage(what=f"acquire.{ID}", state=state, reason=reason, detail=detail[:300], layer=layer)
        )


def _load(document: Document) -> object:
    return load(_held(document.data), document.digest[:19])


def _held(data: bytes) -> Blob:
    return Blob(buffer=data, start=0, end=len(data))
