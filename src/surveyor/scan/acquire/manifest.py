"""A lock file or manifest given alone, a project of one file: it is a text like any other but for its name."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.file import FileLayer

_PACKED = regex(r"\.(?:gz|bz2|xz|zst|lzma|lz|lz4|lzo|Z)$")
#: What reports call it.
TYPE = "manifest"


def detect(origin: Origin) -> bool:
    """A file that is of no other format, under a name that tells who reads it."""
    return origin.blob is not None and origin.store is None and origin.reads is not None and origin.reads(_name(origin))


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The file as the one of a tree; whether it is what it is called shows when it is read."""
    if origin.blob is None:
        raise Malformed("no bytes")
    return Artifact(type=TYPE, images=(Image(layers=(FileLayer(blob=origin.blob, name=_name(origin)),)),))


def _name(origin: Origin) -> bytes:
    """What the file is called, without the ending of what it may be compressed with."""
    return _PACKED.sub("", origin.name).replace("/", "_").encode("utf-8", "surrogateescape")


ACQUIRER = Acquirer(
    id="manifest",
    version=1,
    summary="lock file or manifest, under the name that tools give it",
    detect=detect,
    read=read,
)
