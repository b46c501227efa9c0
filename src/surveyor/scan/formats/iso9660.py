"""Volume descriptors, directory records and boot catalogs of a disc image.

Read by ECMA-119 4th edition (ISO 9660; sections 8 and 9), the Joliet Specification 1 (supplementary descriptors with
UCS-2 names) and the El Torito Bootable CD-ROM Format Specification 1.0 (boot record and catalog).
"""

from __future__ import annotations

from enum import Enum
from struct import Struct, unpack_from

from surveyor.scan.errors import Malformed
from surveyor.scan.values import frozen

SECTOR = 2048
FIRST_DESCRIPTOR = 16 * SECTOR
IDENTIFIER = b"CD001"
#: Length, extended attributes, extent, size, flags, unit, gap, length of the name; all numbers little-endian.
RECORD = Struct("<BBI4xI4x7xBBB4xB")
RECORD_BYTES = RECORD.size
DIRECTORY, ASSOCIATED, CONTINUED = 0x02, 0x04, 0x80

_DESCRIPTORS = 64
_JOLIET = (b"%/@", b"%/C", b"%/E")
_BOOT = b"EL TORITO SPECIFICATION"
_PLATFORMS = {0: "x86 BIOS", 1: "PowerPC", 2: "Mac", 0xEF: "UEFI"}
_CATALOG = 64


class Naming(Enum):
    """How the names of a volume are written."""

    PLAIN = "ISO 9660"
    ENHANCED = "ISO 9660:1999"
    JOLIET = "Joliet"


@frozen
class Volume:
    """One tree of the disc: the size of a logical block, and where its root directory is, in bytes of the disc."""

    naming: Naming
    block: int
    root: int
    root_size: int


@frozen
class Disc:
    """What the descriptors say: the trees, best names last, its label, and for which platforms the disc boots."""

    volumes: tuple[Volume, ...]
    label: str
    boots: tuple[str, ...]


def read_disc(data: memoryview) -> Disc:
    """Read the volume descriptors; raises when there is none of a tree."""
    volumes: list[Volume] = []
    boots: tuple[str, ...] = ()
    for number in range(_DESCRIPTORS):
        start = FIRST_DESCRIPTOR + number * SECTOR
        descriptor = data[start : start + SECTOR]
        if len(descriptor) < SECTOR or bytes(descriptor[1:6]) != IDENTIFIER or descriptor[0] == 255:
            break
        if descriptor[0] in {1, 2} and (volume := _volume(descriptor)):
            volumes.append(volume)
        elif descriptor[0] == 0 and bytes(descriptor[7:30]) == _BOOT:
            boots = _boots(data, int.from_bytes(descriptor[71:75], "little") * SECTOR)
    if not volumes:
        raise Malformed("disc has no volume descriptor with a root directory: it is cut short or damaged")
    order = list(Naming)
    label = bytes(data[FIRST_DESCRIPTOR + 40 : FIRST_DESCRIPTOR + 72]).decode("latin-1").strip(" \0")
    return Disc(volumes=tuple(sorted(volumes, key=lambda volume: order.index(volume.naming))), label=label, boots=boots)


def _volume(descriptor: memoryview) -> Volume | None:
    naming = Naming.PLAIN
    if descriptor[0] == 2:
        if bytes(descriptor[88:91]) in _JOLIET:
            naming = Naming.JOLIET
        elif descriptor[6] == 2:
            naming = Naming.ENHANCED
        else:
            return None  # names in a character set that only its maker knows
    (block,) = unpack_from("<H", descriptor, 128)
    if block not in {512, 1024, 2048}:
        block = SECTOR
    _, attributes, extent, size, _, _, _, _ = RECORD.unpack_from(descriptor, 156)
    return Volume(
        naming=naming,
        block=block,
        root=(extent + attributes) * block,
        root_size=size,
    )


def _boots(data: memoryview, start: int) -> tuple[str, ...]:
    """The platforms of a boot catalog, one for each image."""
    found: list[str] = []
    catalog = bytes(data[start : start + _CATALOG * 32])
    platform = catalog[1] if catalog[:1] == b"\x01" and catalog[30:32] == b"\x55\xaa" else 0
    for at in range(32, len(catalog) - 31, 32):
        kind = catalog[at]
        if kind in {0x90, 0x91}:
            platform = catalog[at + 1]
        elif kind == 0x88:
            found.append(_PLATFORMS.get(platform, f"platform {platform}"))
        elif kind != 0x44:  # an extension of the entry before
            break
    return tuple(found)
