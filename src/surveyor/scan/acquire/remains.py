"""What is left of an image archive that is cut short before its manifest: its layers, in an order nobody knows."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin, Store
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.stream import form_of
from surveyor.scan.tree.tar import TarLayer

_LAYER = regex(
    r"(?:[^/]+/layer\.tar|blobs/sha256/(?P<blob>[0-9a-f]{64})|(?:sha256:)?(?P<file>[0-9a-f]{64})\.tar(?:\.[a-z0-9]{2,4})?)"
)
_LAYERS = 512


def detect(origin: Origin) -> bool:
    """A damaged tar whose members have the names and the first bytes of layers."""
    return origin.damage is not None and origin.store is not None and bool(_layers(origin.store))


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The layers in the order of the archive; what one hides from another cannot be known."""
    layers = _layers(origin.store) if origin.store else ()
    if not layers:
        raise Malformed("image archive without layers")
    detail = (
        "the archive is cut short before its manifest: layers are read in archive order, removed files may be reported"
    )
    entry = Coverage(
        what="acquire.remains", state=CoverageState.FAILED, reason="malformed", detail=detail, count=len(layers)
    )
    return Artifact(type="container", images=(Image(layers=layers, overlaid=True),), coverage=(entry,))


def _layers(store: Store) -> tuple[TarLayer, ...]:
    found: list[TarLayer] = []
    for name in store.names():
        match, blob = _LAYER.fullmatch(name), store.get(name)
        if match and blob and (blob.head(262)[257:] == b"ustar" or _is_compressed(blob)):
            digest = match["blob"] or match["file"]
            found.append(TarLayer(blob=blob, digest=f"sha256:{digest}" if digest else name, place=name))
    return tuple(found[:_LAYERS])


def _is_compressed(blob: Blob) -> bool:
    try:
        return form_of(blob.head(16)) != "plain"
    except Unsupported:
        return True


ACQUIRER = Acquirer(
    id="remains", version=1, summary="image archive cut short before its manifest", detect=detect, read=read
)
