"""Reads the text files of feeds as a stream, plain or gzip (RFC 1952), bounded in bytes, ratio and length of a line."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from surveyor.scan.errors import LimitExceeded, Malformed

#: Text of the feeds inflates 4 to 20 times; deflate gives at most about 1,030.
MAX_RATIO = 200
_RATIO_FROM = 4 << 20
_CHUNK = 1 << 18
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31


def chunks(file: BinaryIO, *, max_bytes: int) -> Iterator[bytes]:
    """The file's bytes piece by piece, inflated when it is gzip.

    A server may say that the compression of a ``.gz`` is one of the transfer, and then it is off already: so what lies
    there decides. Raises ``Malformed`` or ``LimitExceeded``.
    """
    head = file.read(_CHUNK)
    pieces = _inflated(file, head) if head.startswith(_GZIP) else _plain(file, head)
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > max_bytes:
            raise LimitExceeded(f"a file of more than {max_bytes:,} bytes")
        yield piece


def _plain(file: BinaryIO, piece: bytes) -> Iterator[bytes]:
    while piece:
        yield piece
        piece = file.read(_CHUNK)


def _inflated(file: BinaryIO, piece: bytes) -> Iterator[bytes]:
    """Every member of a gzip file; what follows the last one and begins no other is broken."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    taken = given = 0
    while piece:
        taken += len(piece)
        while piece:
            if inflater.eof:
                inflater = zlib.decompressobj(_GZIP_WINDOW)
            try:
                out = inflater.decompress(piece, _CHUNK)
            except zlib.error as error:
                raise Malformed(f"a broken gzip stream: {error}") from error
            piece = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            given += len(out)
            if given > _RATIO_FROM and given > taken * MAX_RATIO:
                raise LimitExceeded(f"compression ratio over {MAX_RATIO}:1")
            if out:
                yield out
        piece = file.read(_CHUNK)
    if not inflater.eof:
        raise Malformed("a gzip stream that was cut short")


def lines(file: BinaryIO, *, max_bytes: int, max_line: int) -> Iterator[bytes]:
    """The lines of a file without their ends; blank ones are left out."""
    rest = b""
    for chunk in chunks(file, max_bytes=max_bytes):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if len(line) > max_line:
                raise LimitExceeded(f"a line of more than {max_line:,} bytes")
            if line and not line.isspace():
                yield line.rstrip(b"\r")
        if len(rest) > max_line:
            raise LimitExceeded(f"a line of more than {max_line:,} bytes")
    if rest and not rest.isspace():
        yield rest.rstrip(b"\r")
