"""A plain tar with a tree in it: an exported root filesystem or a source archive."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.tar import TarLayer


def detect(origin: Origin) -> bool:
    """The file was a tar, and no image."""
    return origin.blob is not None and origin.store is not None


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The whole tar as one layer; whether it is a root filesystem shows when its os-release is met."""
    if origin.blob is None:
        raise Malformed("no bytes")
    return Artifact(type="source", images=(Image(layers=(TarLayer(blob=origin.blob),)),))


ACQUIRER = Acquirer(id="tar", version=1, summary="tar of a root filesystem or a source tree", detect=detect, read=read)
