"""A Ruby gem given alone: the file for its cataloger, and the tree of what it installs."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.file import named
from surveyor.scan.tree.tar import TarLayer

_METADATA, _DATA = "metadata.gz", "data.tar.gz"


def detect(origin: Origin) -> bool:
    """A tar with the members that RubyGems writes."""
    return origin.store is not None and all(origin.store.get(name) is not None for name in (_METADATA, _DATA))


def read(origin: Origin, _budget: Budget) -> Artifact:
    """Two images: the file, and its data."""
    data = origin.store.get(_DATA) if origin.store else None
    if origin.blob is None or data is None:
        raise Malformed("gem without data")
    images = (
        Image(layers=(named(origin.blob, origin.name, ".gem"),)),
        Image(layers=(TarLayer(blob=data, place=_DATA),)),
    )
    return Artifact(type="archive/gem", images=images)


ACQUIRER = Acquirer(id="gem", version=1, summary="Ruby gem", detect=detect, read=read, endings=rb"gem")
