"""The trailer of Apple's disk images, which tells one whatever its first chunk begins as; ``udif`` reads the rest."""

from __future__ import annotations

from struct import Struct

from surveyor.scan.tree.entry import Blob
from surveyor.scan.values import frozen

SECTOR = 512
_MAGIC = b"koly"
#: Version, size; start and length of the data fork; segment, segments; then start and length of the property list,
#: checksum's type and bits, and the first four bytes of it; sectors.
_TRAILER = Struct(">4xII12xQQ16xII152xQQ120xII4s128xQ12x")
_CRC32 = 2


@frozen
class Trailer:
    """What of the ``koly`` block counts; positions from the start of the file."""

    data: int
    segment: int
    segments: int
    list_start: int
    list_bytes: int
    checksum: int | None
    sectors: int


def trailer_of(blob: Blob) -> Trailer | None:
    """The trailer of a disk image, or nothing when this is none."""
    size = len(blob.view())
    for start in (size - SECTOR, 0):
        head = blob.part(start, SECTOR).head(SECTOR) if start >= 0 else b""
        if len(head) == SECTOR and head[:4] == _MAGIC:
            return _trailer(head)
    return None


def _trailer(head: bytes) -> Trailer | None:
    version, size, data, _, segment, segments, start, length, kind, _, check, sectors = _TRAILER.unpack(head)
    if size != SECTOR or not 1 <= version <= 16:
        return None
    return Trailer(
        data=data,
        segment=segment,
        segments=segments,
        list_start=start,
        list_bytes=length,
        checksum=int.from_bytes(check, "big") if kind == _CRC32 else None,
        sectors=sectors,
    )
