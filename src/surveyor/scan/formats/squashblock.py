"""One packed block of a SquashFS, by each of its compressors, never more than it may hold."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from typing import Protocol, cast

from isal import isal_zlib

from surveyor.scan.errors import Malformed
from surveyor.scan.formats import lzo

#: What the superblock's number of a compressor means.
COMPRESSORS = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}

_MEMORY = 64 << 20
#: What isal raises; its stub calls the class an instance.
_InflateError = cast("type[Exception]", isal_zlib.error)

#: From packed bytes and the most they may become to what they are; raises for more, and for damage.
Unpack = Callable[[memoryview, int], bytes]


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: memoryview, max_length: int, /) -> bytes: ...


def unpacker(compressor: str) -> Unpack:
    """What unpacks one block of a compressor; zstd and lz4 are loaded when they are met."""
    if compressor == "zstd":
        return _zstd()
    if compressor == "lz4":
        return _lz4()
    return {"gzip": _gzip, "lzma": _lzma, "xz": _xz, "lzo": lzo.decompress}[compressor]


def _gzip(packed: memoryview, limit: int) -> bytes:
    return _whole(isal_zlib.decompressobj(), packed, limit)


def _xz(packed: memoryview, limit: int) -> bytes:
    return _whole(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY), packed, limit)


def _lzma(packed: memoryview, limit: int) -> bytes:
    return _whole(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY), packed, limit)


def _whole(inflater: _Inflater, packed: memoryview, limit: int) -> bytes:
    found = _begun(inflater, packed, limit + 1)
    if len(found) > limit:
        raise Malformed(f"block holds more than {limit:,} bytes")
    if not inflater.eof:
        raise Malformed("block is cut short")
    return found


def _begun(inflater: _Inflater, packed: memoryview, count: int) -> bytes:
    try:
        return inflater.decompress(packed, count)
    except (_InflateError, lzma.LZMAError) as error:
        raise Malformed(f"block is damaged: {error}") from error


#: What gives the first bytes of a block without unpacking all of it, where a compressor can do that.
BEGINNERS: dict[str, Unpack] = {
    "gzip": lambda packed, count: _begun(isal_zlib.decompressobj(), packed, count),
    "lzma": lambda packed, count: _begun(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY), packed, count),
    "xz": lambda packed, count: _begun(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY), packed, count),
}


def _zstd() -> Unpack:
    import zstandard  # costs 10 ms

    inflater = zstandard.ZstdDecompressor(max_window_size=_MEMORY)

    def unpack(packed: memoryview, limit: int) -> bytes:
        try:
            # the library makes room for what the frame claims before it reads on
            if zstandard.frame_content_size(packed) > limit:
                raise Malformed(f"block holds more than {limit:,} bytes")
            return inflater.decompress(packed, max_output_size=limit)
        except zstandard.ZstdError as error:
            raise Malformed(f"block is damaged: {error}") from error

    return unpack


def _lz4() -> Unpack:
    import lz4.block

    def unpack(packed: memoryview, limit: int) -> bytes:
        try:
            found: bytes = lz4.block.decompress(packed, uncompressed_size=limit)
        except lz4.block.LZ4BlockError as error:
            raise Malformed(f"block is damaged: {error}") from error
        return found

    return unpack
