"""Apple disk images, and HFS Plus or APFS volumes given as they are: every volume that is on one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed, ScanError, Unsupported
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.koly import trailer_of

if TYPE_CHECKING:
    from surveyor.scan.tree.device import Device
    from surveyor.scan.tree.partitions import Partition

#: How an encrypted image begins, or ends, and how a sparse one begins.
_ENCRYPTED, _SPARSE = (b"encrcdsa", b"cdsaencr"), b"sprs"
#: A partition that is all zeros up to here has no filesystem: the last of them to show is at 64 KiB.
_SHOWN = 68 << 10
#: What a partition of a Mac's disk is when it is none of the filesystems read here: nothing that packages lie on.
_BLANK = frozenset(
    {
        *("Apple_Free", "Apple_partition_map", "Apple_Void", "Apple_Scratch", "Apple_Patches"),
        *("Apple_Driver", "Apple_Driver43", "Apple_Driver_ATA", "Apple_Driver_ATAPI", "Apple_Driver_IOKit"),
        "Apple_FWDriver",
    }
)
#: By the bytes of their GUIDs: the EFI system partition, Microsoft's reserved one, and where a BIOS starts from.
_BLANK_GUIDS = frozenset(
    {"28732ac11ff8d211ba4b00a0c93ec93b", "16e3c9e35c0bb84d817df92df00215ae", "4861682149646f6e744e656564454649"}
)
#: The gaps of a hybrid disc, before and behind its Mac volume: its other catalogue is there, of the same files.
_HYBRID = "ISO9660_data"


def detect(origin: Origin) -> bool:
    """A disk image by its trailer, an encrypted one by its head, or a volume by its superblock."""
    from surveyor.scan.tree.device import Plain
    from surveyor.scan.tree.partitions import partitions

    blob = origin.blob
    if blob is None:
        return False
    if trailer_of(blob) or _unread(blob):
        return True
    device = Plain(blob)
    return _recognized(device) or any(_recognized(one.of(device)) for one in partitions(device))


def read(origin: Origin, budget: Budget) -> Artifact:
    """One image a volume; a partition of a kind that is not read is told."""
    from surveyor.scan.tree.device import Plain
    from surveyor.scan.tree.udif import Udif

    if origin.blob is None:
        raise Malformed("no bytes")
    if reason := _unread(origin.blob):
        raise Unsupported(reason)
    coverage: list[Coverage] = []
    trailer = trailer_of(origin.blob)
    device: Device = Plain(origin.blob)
    if trailer:
        device = udif = Udif(origin.blob, trailer, budget)
        if udif.damage:
            coverage.append(_missed(CoverageState.PARTIAL, udif.damage, None))
    images = _volumes(device, budget, coverage)
    return Artifact(type="dmg" if trailer else _filesystem(images), images=tuple(images), coverage=tuple(coverage))


def _volumes(device: Device, budget: Budget, coverage: list[Coverage]) -> list[Image]:
    images: list[Image] = []
    troubles: list[ScanError] = []
    for part, place in _places(device):
        try:
            images.extend(_images(part, place, budget, coverage))
        except ScanError as error:
            troubles.append(error)
            coverage.append(_missed(CoverageState.FAILED, error, place))
    if not images:
        raise troubles[0] if troubles else Unsupported("the disk image holds no filesystem that is read")
    return images


def _places(device: Device) -> list[tuple[Device, str | None]]:
    """Where a filesystem may lie: in the partitions that are not blank, or on all of the disk."""
    from surveyor.scan.tree.partitions import partitions

    found: list[tuple[Device, str | None]] = [
        (one.of(device), one.place) for one in partitions(device) if not _is_blank(device, one)
    ]
    return [(device, None)] if _recognized(device) or not found else found


def _images(device: Device, place: str | None, budget: Budget, coverage: list[Coverage]) -> list[Image]:
    from surveyor.scan.tree import apfs, hfs

    if apfs.recognizes(device):
        return _apfs(device, place, budget, coverage)
    if hfs.recognizes(device):
        volume = hfs.Volume(device, budget)
        return [Image(layers=(hfs.HfsLayer(volume=volume, place=place),), name=volume.name)]
    raise Unsupported("no filesystem that is read")


def _apfs(device: Device, place: str | None, budget: Budget, coverage: list[Coverage]) -> list[Image]:
    from surveyor.scan.tree import apfs

    found: list[Image] = []
    troubles: list[ScanError] = []
    for volume in apfs.Container(device, budget).volumes():
        if isinstance(volume, ScanError):
            troubles.append(volume)
        else:
            found.append(Image(layers=(apfs.ApfsLayer(volume=volume, place=place),), name=volume.name or None))
    if not found:
        raise troubles[0] if troubles else Unsupported("APFS container without a volume")
    coverage += [_missed(CoverageState.FAILED, error, place) for error in troubles]
    return found


def _recognized(device: Device) -> bool:
    from surveyor.scan.tree import apfs, hfs

    return apfs.recognizes(device) or hfs.recognizes(device)


def _filesystem(images: list[Image]) -> str:
    """The type of an artifact that is volumes and no disk image."""
    found = any(layer.form == "apfs" for image in images for layer in image.layers)
    return "filesystem/apfs" if found else "filesystem/hfs"


def _is_blank(device: Device, partition: Partition) -> bool:
    """Whether a partition is one for the map, for drivers or for nothing, or has nothing at its beginning."""
    if partition.kind in _BLANK or partition.kind == _HYBRID or partition.kind in _BLANK_GUIDS:
        return True
    return not any(partition.of(device).read(0, _SHOWN))


def _unread(blob: Blob) -> str | None:
    """Why a disk image of a known form is not read."""
    size = len(blob.view())
    if blob.head(8) in _ENCRYPTED or blob.part(size - 8, 8).head(8) in _ENCRYPTED:
        return "the disk image is encrypted"
    return "sparse disk images are not read" if blob.head(4) == _SPARSE else None


def _missed(state: CoverageState, error: ScanError, place: str | None) -> Coverage:
    return Coverage(what="acquire.dmg", state=state, reason=error.code, detail=str(error)[:300], path=place)


ACQUIRER = Acquirer(
    id="dmg",
    version=1,
    summary="Apple disk image, HFS Plus or APFS volume",
    detect=detect,
    read=read,
    endings=rb"(?i:dmg|smi|sparseimage|hfs|apfs)",
)
