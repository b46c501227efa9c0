"""Partition maps of a disk: Apple's (Inside Macintosh: Devices, chapter 3), GUID (UEFI 2.10, chapter 5) and MBR."""

from __future__ import annotations

from struct import Struct

from surveyor.scan.tree.device import Device, Part
from surveyor.scan.tree.entry import readable
from surveyor.scan.values import frozen

#: The map's entries, start and blocks of the partition, its name and type.
_APPLE = Struct(">2s2xIII32s32s")
#: Type's GUID, the partition's own, first and last sector, attributes, name.
_GUID = Struct("<16s16sQQQ72s")
#: Boot flag and place, type and place, first sector, sectors.
_MBR = Struct("<4xB3xII")
_APPLE_MAGIC, _GUID_MAGIC, _MBR_MAGIC = b"PM", b"EFI PART", b"\x55\xaa"
_SECTORS = (512, 4096, 2048)
_ENTRIES = 128
_PROTECTIVE = 0xEE


@frozen
class Partition:
    """A range of a disk in bytes; ``name`` and ``kind`` as the map has them."""

    number: int
    start: int
    size: int
    name: str
    kind: str

    @property
    def place(self) -> str:
        """What it is called where it is told of."""
        return f"partition {self.number}" + (f" ({self.name})" if self.name else "")

    def of(self, device: Device) -> Part:
        """Its bytes, of the disk with the map."""
        return Part(device, self.start, self.size)


def partitions(device: Device) -> tuple[Partition, ...]:
    """The partitions of a disk in the order of its map; none when it has no map."""
    for sector in _SECTORS:
        if found := _apple(device, sector) or _guid(device, sector):
            return found
    return _mbr(device)


def _apple(device: Device, sector: int) -> tuple[Partition, ...]:
    found: list[Partition] = []
    count = 1
    for number in range(1, _ENTRIES):
        entry = device.read(number * sector, _APPLE.size)
        if number > count or len(entry) < _APPLE.size or entry[:2] != _APPLE_MAGIC:
            break
        _, count, start, blocks, name, kind = _APPLE.unpack(entry)
        found.append(
            Partition(number=number, start=start * sector, size=blocks * sector, name=_ascii(name), kind=_ascii(kind))
        )
    return tuple(found)


def _guid(device: Device, sector: int) -> tuple[Partition, ...]:
    head = device.read(sector, 92)
    if len(head) < 92 or head[:8] != _GUID_MAGIC:
        return ()
    table, count, size = Struct("<QII").unpack(head[72:88])
    if not _GUID.size <= size <= 4096:
        return ()
    found: list[Partition] = []
    for number in range(min(count, _ENTRIES)):
        entry = device.read(table * sector + number * size, _GUID.size)
        if len(entry) < _GUID.size:
            break
        kind, _, first, last, _, name = _GUID.unpack(entry)
        if any(kind) and first <= last:
            text = name.decode("utf-16-le", "replace").partition("\0")[0]
            start, length = first * sector, (last - first + 1) * sector
            found.append(Partition(number=number + 1, start=start, size=length, name=text, kind=kind.hex()))
    return tuple(found)


def _mbr(device: Device) -> tuple[Partition, ...]:
    head = device.read(0, 512)
    if len(head) < 512 or head[510:] != _MBR_MAGIC:
        return ()
    found: list[Partition] = []
    for number in range(4):
        kind, first, count = _MBR.unpack_from(head, 446 + 16 * number)
        if kind not in {0, _PROTECTIVE} and first and count:
            found.append(
                Partition(number=number + 1, start=first * 512, size=count * 512, name="", kind=f"{kind:#04x}")
            )
    return tuple(found)


def _ascii(field: bytes) -> str:
    return readable(field.partition(b"\0")[0])
