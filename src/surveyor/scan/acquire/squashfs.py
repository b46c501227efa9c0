"""A SquashFS: the root filesystem of a live disc, a snap, a firmware or an appliance."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget


def detect(origin: Origin) -> bool:
    """The superblock begins with the magic, whatever its version."""
    from surveyor.scan.formats.squashfs import MAGIC, OLD_MAGICS

    return origin.blob is not None and origin.blob.head(4) in (MAGIC, *OLD_MAGICS)


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The whole filesystem as one layer."""
    from surveyor.scan.tree.squashfs import layer_of

    if origin.blob is None:
        raise Malformed("no bytes")
    return Artifact(type="filesystem/squashfs", images=(Image(layers=(layer_of(origin.blob),)),))


ACQUIRER = Acquirer(
    id="squashfs",
    version=1,
    summary="SquashFS filesystem",
    detect=detect,
    read=read,
    names=rb"(?:filesystem|rootfs|root|squashfs|airootfs|live)\.(?:squashfs|sfs|img)",
    endings=rb"squashfs|sqsh|sfs|sqfs|sqf|snap",
    inside_systems=True,
)
