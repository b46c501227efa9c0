"""An ext filesystem, or a disk with such filesystems in its partitions: virtual machines, live systems, appliances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState

if TYPE_CHECKING:
    from surveyor.scan.tree.device import Device
    from surveyor.scan.tree.partitions import Partition

#: An ext superblock ends here.
_SHOWN = 2048
#: The type of a partition of Linux in an MBR, and how long the types of a GUID partition table are, which may be any.
_LINUX, _GUID = "0x83", 32


def detect(origin: Origin) -> bool:
    """A superblock stands at its place, in the file or in a partition of it, or lies behind the end of the file."""
    from surveyor.scan.tree import ext
    from surveyor.scan.tree.device import Plain
    from surveyor.scan.tree.partitions import partitions

    if origin.blob is None:
        return False
    device = Plain(origin.blob)
    return ext.recognizes(device) or any(
        ext.recognizes(one.of(device)) or _is_missing(one, device) for one in partitions(device)
    )


def read(origin: Origin, budget: Budget) -> Artifact:
    """One image a filesystem; what a partition holds otherwise is told."""
    from surveyor.scan.tree import ext
    from surveyor.scan.tree.device import Plain
    from surveyor.scan.tree.partitions import partitions

    if origin.blob is None:
        raise Malformed("no bytes")
    device = Plain(origin.blob)
    coverage: list[Coverage] = []
    if ext.recognizes(device):
        return Artifact(
            type="filesystem/ext", images=(_image(device, None, budget, coverage),), coverage=tuple(coverage)
        )
    images: list[Image] = []
    troubles: list[ScanError] = []
    for one in partitions(device):
        place, part = one.place, one.of(device)
        if _is_missing(one, device):
            troubles.append(Malformed(f"disk is cut short: {place} lies behind its {len(device):,} bytes"))
            coverage.append(_told(CoverageState.FAILED, Malformed.code, str(troubles[-1]), place))
            continue
        if not ext.recognizes(part):
            coverage.append(_told(CoverageState.SKIPPED, "unsupported", "holds no ext filesystem", place))
            continue
        try:
            images.append(_image(part, place, budget, coverage))
        except ScanError as error:
            troubles.append(error)
            coverage.append(_told(CoverageState.FAILED, error.code, str(error), place))
    if not images:
        raise troubles[0] if troubles else Malformed("disk holds no filesystem that is read")
    return Artifact(type="disk/raw", images=tuple(images), coverage=tuple(coverage))


def _is_missing(one: Partition, device: Device) -> bool:
    """Whether a partition that may hold an ext filesystem begins where a file that was cut short has no bytes."""
    return one.start + _SHOWN > len(device) and (one.kind == _LINUX or len(one.kind) == _GUID)


def _image(device: Device, place: str | None, budget: Budget, coverage: list[Coverage]) -> Image:
    from surveyor.scan.tree import ext

    layer = ext.layer_of(device, budget, place)
    if layer.volume.size > len(device):
        detail = f"filesystem is cut short: {len(device):,} of {layer.volume.size:,} bytes are there"
        coverage.append(_told(CoverageState.PARTIAL, "malformed", detail, place))
    if layer.volume.unclean:
        detail = "filesystem was not unmounted: what is only in its journal is not seen"
        coverage.append(_told(CoverageState.PARTIAL, "unclean", detail, place))
    return Image(layers=(layer,), name=layer.volume.label or None)


def _told(state: CoverageState, reason: str, detail: str, place: str | None) -> Coverage:
    return Coverage(what="acquire.disk", state=state, reason=reason, detail=detail, path=place)


ACQUIRER = Acquirer(
    id="disk",
    version=2,
    summary="ext filesystem, or a disk with such partitions",
    detect=detect,
    read=read,
    names=rb"(?i:rootfs|root|ext3fs|disk|system)\.(?:img|raw)",
    endings=rb"ext[234]|img",
    inside_systems=True,
)
