"""A writer of UDIF (``.dmg``): one ``blkx`` table over the whole volume, one block type, the ``koly`` trailer."""

from __future__ import annotations

import bz2
import lzma
import plistlib
import struct
import zlib

from benchmarks.corpus.workshop import Workshop

SECTOR = 512
#: Sectors of one block, as hdiutil writes them.
BLOCK = 512
RAW, ZLIB, BZIP2, LZFSE, LZMA, ZERO, END = 0x1, 0x80000005, 0x80000006, 0x80000007, 0x80000008, 0x0, 0xFFFFFFFF
FORMS = {"raw": RAW, "zlib": ZLIB, "bzip2": BZIP2, "lzfse": LZFSE, "lzma": LZMA}

#: Apple's reference implementation, in a venv of its own.
LZFSE_CODE = "import liblzfse, sys; sys.stdout.buffer.write(liblzfse.compress(sys.stdin.buffer.read()))"


def _packed(form: str, data: bytes, shop: Workshop) -> bytes:
    match form:
        case "zlib":
            return zlib.compress(data, 9)
        case "bzip2":
            return bz2.compress(data)
        case "lzma":
            return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32)
        case "lzfse":
            return shop.run(shop.tool("pyliblzfse", "python"), "-c", LZFSE_CODE, stdin=data)
        case _:
            return data


def _checksum(data: bytes) -> bytes:
    """UDIF's checksum field: type 2 is CRC-32 of 32 bits, in 32 words."""
    return struct.pack(">III", 2, 32, zlib.crc32(data)) + bytes(124)


def udif(volume: bytes, form: str, shop: Workshop) -> bytes:
    """The image; zero blocks are left out of it, as hdiutil does."""
    volume += bytes(-len(volume) % SECTOR)
    sectors = len(volume) // SECTOR
    fork, chunks = bytearray(), []
    for first in range(0, sectors, BLOCK):
        data = volume[first * SECTOR : (first + BLOCK) * SECTOR]
        count = len(data) // SECTOR
        if not any(data):
            chunks.append((ZERO, first, count, len(fork), 0))
            continue
        packed = _packed(form, data, shop)
        chunks.append((FORMS[form], first, count, len(fork), len(packed)))
        fork += packed
    chunks.append((END, sectors, 0, len(fork), 0))
    table = struct.pack(">4sIQQQII", b"mish", 1, 0, sectors, 0, BLOCK + 8, 0) + bytes(24) + _checksum(volume)
    table += struct.pack(">I", len(chunks))
    table += b"".join(
        struct.pack(">IIQQQQ", kind, 0, first, count, at, size) for kind, first, count, at, size in chunks
    )
    name = "whole disk (Apple_HFS : 0)"
    entry = {"Attributes": "0x0050", "CFName": name, "Data": table, "ID": "0", "Name": name}
    listing = plistlib.dumps({"resource-fork": {"blkx": [entry], "plst": []}})
    koly = struct.pack(">4sIIIQQQQQII", b"koly", 4, 512, 1, 0, 0, len(fork), 0, 0, 1, 1)
    koly += bytes(16) + _checksum(bytes(fork)) + struct.pack(">QQ", len(fork), len(listing)) + bytes(120)
    # the master checksum goes over the tables' checksums
    koly += _checksum(struct.pack(">I", zlib.crc32(volume))) + struct.pack(">IQ", 1, sectors) + bytes(12)
    assert len(koly) == SECTOR, len(koly)
    return bytes(fork) + listing + koly
