"""A disc image: ISO 9660 with Rock Ridge or Joliet, or UDF where that has more."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.formats import iso9660
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.iso import layer_of

_RAW = b"\0" + b"\xff" * 10 + b"\0"
#: Where the first descriptor begins when a file holds whole sectors of 2352 bytes: in mode 1, and in mode 2.
_RAW_DESCRIPTORS = (16 * 2352 + 16, 16 * 2352 + 24)


def detect(origin: Origin) -> bool:
    """A first volume descriptor stands in sector 16, whatever boots the disc before it."""
    blob = origin.blob
    if blob is None:
        return False
    return iso9660.is_iso(blob.part(iso9660.FIRST_DESCRIPTOR, 8).head(8)) or _is_raw(origin)


def _is_raw(origin: Origin) -> bool:
    blob = origin.blob
    if blob is None or blob.head(12) != _RAW:
        return False
    return any(iso9660.is_iso(blob.part(start, 8).head(8)) for start in _RAW_DESCRIPTORS)


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The tree with the best names as one layer."""
    if origin.blob is None:
        raise Malformed("no bytes")
    if _is_raw(origin):
        raise Unsupported("disc image of raw sectors (2352 bytes each) is not read; convert it to 2048-byte sectors")
    disc = iso9660.read_disc(origin.blob.view())
    layer = layer_of(origin.blob, disc)
    image = Image(layers=(layer,), name=disc.label or None)
    return Artifact(type="iso", images=(image,), coverage=tuple(_boots(disc.boots)))


def _boots(platforms: tuple[str, ...]) -> list[Coverage]:
    if not platforms:
        return []
    detail = f"El Torito boot images are named and not read apart from the files they are: {', '.join(platforms)}"
    entry = Coverage(
        what="acquire.iso", state=CoverageState.SKIPPED, reason="boot_image", detail=detail, count=len(platforms)
    )
    return [entry]


ACQUIRER = Acquirer(
    id="iso", version=1, summary="ISO 9660 or UDF disc image", detect=detect, read=read, endings=rb"(?i:iso)"
)
