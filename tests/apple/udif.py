"""Writes disk images: a UDIF from a disk, in chunks of every kind, and the partition maps of one."""

from __future__ import annotations

import bz2
import lzma
import plistlib
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence

from tests.apple import lzfse

SECTOR = 512
KINDS = {"raw": 1, "adc": 0x80000004, "zlib": 0x80000005, "bzip2": 0x80000006, "lzfse": 0x80000007, "lzma": 0x80000008}
ZERO, IGNORE, COMMENT, LAST = 0, 2, 0x7FFFFFFE, 0xFFFFFFFF

#: Kind, first sector, sectors, offset, bytes.
Chunk = tuple[int, int, int, int, int]


def adc(data: bytes) -> bytes:
    """ADC: literals, and matches of both lengths where the same byte comes again."""
    out = bytearray()
    at = 0
    while at < len(data):
        run = 1
        while run < 67 and at + run < len(data) and data[at + run] == data[at]:
            run += 1
        out += bytes([0x80, data[at]])
        if run > 4:
            out += bytes([0x40 | run - 5, 0, 0])
        elif run == 4:
            out += bytes([0, 0])
        else:
            out += bytes([0x80, data[at]]) * (run - 1)
        at += run
    return bytes(out)


PACK: Mapping[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "adc": adc,
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
    "lzma": lzma.compress,
    "lzfse": lzfse.lzfse,
}


def mish(first: int, chunks: Sequence[Chunk], *, count: int | None = None, check: int = 0) -> bytes:
    """One table of chunks, their sectors counted from ``first``."""
    sectors = sum(chunk[2] for chunk in chunks)
    head = struct.pack(">4sIQQQII24x", b"mish", 1, first, sectors, 0, 520, 0)
    checksum = struct.pack(">III124x", 2, 32, check)
    rows = b"".join(struct.pack(">IIQQQQ", kind, 0, *rest) for kind, *rest in chunks)
    return head + checksum + struct.pack(">I", len(chunks) if count is None else count) + rows


def image(
    disk: bytes, kinds: str | Sequence[str] = "zlib", *, chunk: int = 256 * SECTOR, tables: int = 1, head: bool = False
) -> bytes:
    """A disk as a UDIF, its chunks of these kinds in turn, zeros not kept; ``head`` puts the trailer first."""
    disk += bytes(-len(disk) % SECTOR)
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    body, lists, per = bytearray(bytes(SECTOR) if head else b""), [], -(-len(disk) // tables // SECTOR) * SECTOR
    turn = 0
    for start in range(0, len(disk), per):
        part, chunks = disk[start : start + per], []
        for at in range(0, len(part), chunk):
            piece = part[at : at + chunk]
            place = at // SECTOR, len(piece) // SECTOR
            if not any(piece):
                chunks.append((ZERO if turn % 2 else IGNORE, *place, len(body), 0))
            else:
                name = names[turn % len(names)]
                packed = PACK[name](piece)
                chunks.append((KINDS[name], *place, len(body), len(packed)))
                body += packed
            turn += 1
        chunks += [(COMMENT, 0, 0, 0, 0), (LAST, len(part) // SECTOR, 0, len(body), 0)]
        lists.append(mish(start // SECTOR, chunks, check=zlib.crc32(part)))
    return wrap(bytes(body), lists, len(disk) // SECTOR, head=head)


def wrap(body: bytes, tables: Sequence[bytes], sectors: int, *, head: bool = False, **more: int) -> bytes:
    """Chunks and their tables with property list and trailer."""
    listing = plistlib.dumps({"resource-fork": {"blkx": [{"Name": "disk", "Data": table} for table in tables]}})
    return seal(body, listing, sectors, tables=tables, head=head, **more)


def seal(
    body: bytes, listing: bytes, sectors: int, *, tables: Sequence[bytes] = (), head: bool = False, **more: int
) -> bytes:
    """Chunks and a property list with the trailer."""
    check = zlib.crc32(b"".join(table[72:76] for table in tables))
    end = koly(len(body), len(listing), sectors, more.pop("check", check), **more)
    return end + body[SECTOR:] + listing if head else body + listing + end


def koly(start: int, size: int, sectors: int, check: int = 0, *, segments: int = 1, data: int = 0) -> bytes:
    """The trailer."""
    trailer = bytearray(SECTOR)
    struct.pack_into(">4sIII", trailer, 0, b"koly", 4, SECTOR, 1)
    struct.pack_into(">QQ", trailer, 24, data, start)
    struct.pack_into(">II", trailer, 56, 1, segments)
    struct.pack_into(">QQ", trailer, 216, start, size)
    struct.pack_into(">III", trailer, 352, 2 if check else 0, 32, check)
    struct.pack_into(">IQ", trailer, 488, 1, sectors)
    return bytes(trailer)


def apple_map(volumes: Sequence[bytes], kind: str = "Apple_HFS") -> bytes:
    """A disk with Apple's partition map, the map itself and free space among its entries."""
    entries = [("Apple", "Apple_partition_map", 1, 63)]
    body = bytearray()
    for number, volume in enumerate(volumes):
        entries.append((f"disk image {number}", kind, 64 + len(body) // SECTOR, len(volume) // SECTOR))
        body += volume
    entries.append(("", "Apple_Free", 64 + len(body) // SECTOR, 8))
    rows = b"".join(
        struct.pack(">2s2xIII32s32s", b"PM", len(entries), start, count, name.encode(), kind.encode()).ljust(
            SECTOR, b"\0"
        )
        for name, kind, start, count in entries
    )
    head = (b"ER" + struct.pack(">HI", SECTOR, 64 + len(body) // SECTOR)).ljust(SECTOR, b"\0")
    return (head + rows).ljust(64 * SECTOR, b"\0") + bytes(body) + bytes(8 * SECTOR)


def guid_map(volumes: Sequence[bytes]) -> bytes:
    """A disk with a GUID partition table behind a protective MBR."""
    rows, body = b"", bytearray()
    for number, volume in enumerate(volumes):
        first = 40 + len(body) // SECTOR
        name = f"disk image {number}".encode("utf-16-le")
        rows += struct.pack(
            "<16s16sQQQ72s", b"\x01" * 16, b"\x02" * 16, first, first + len(volume) // SECTOR - 1, 0, name
        )
        body += volume
    head = b"EFI PART" + struct.pack("<IIIIQQQQ16sQIII", 0x10000, 92, 0, 0, 1, 0, 40, 0, b"", 2, 128, 128, 0)
    return mbr([(0xEE, 1, 0xFFFFFFFF)]) + (head.ljust(SECTOR, b"\0") + rows).ljust(39 * SECTOR, b"\0") + bytes(body)


def mbr(entries: Sequence[tuple[int, int, int]]) -> bytes:
    """The first sector of a disk: type, first sector, sectors of up to four partitions."""
    rows = b"".join(struct.pack("<4xB3xII", *entry) for entry in entries)
    return bytes(446) + rows.ljust(64, b"\0") + b"\x55\xaa"
