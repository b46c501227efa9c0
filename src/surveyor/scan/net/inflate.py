"""Content decoding that never holds more than a step of 64 KiB of what a server inflates to."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from surveyor.scan.errors import Malformed, Unsupported

_STEP = 1 << 16
_MEMBERS = 1000


class Decoder(Protocol):
    """Takes encoded bytes, gives decoded ones in small pieces."""

    @property
    def whole(self) -> bool:
        """Whether what was given so far ends where the encoding ends."""

    def __call__(self, data: bytes, /) -> Iterator[bytes]:
        """The pieces that ``data`` decodes to."""


def decoder(encoding: str | None) -> Decoder:
    """The decoder for a Content-Encoding; only what the client advertises is known."""
    name = (encoding or "").strip().lower()
    if name in {"", "identity"}:
        return _Identity()
    if name in {"gzip", "x-gzip"}:
        return _Inflater(31)
    if name == "deflate":
        return _Inflater(None)
    raise Unsupported(f"content-encoding {name[:40]!r} was not asked for and cannot be read")


class _Identity:
    """Bytes as they are."""

    whole = True

    def __call__(self, data: bytes, /) -> Iterator[bytes]:
        if data:
            yield data


class _Inflater:
    """Inflates gzip (several members too) or deflate; ``window`` is zlib's, ``None`` finds out by the first byte."""

    def __init__(self, window: int | None) -> None:
        self._window = window
        self._stream = None if window is None else zlib.decompressobj(window)
        self._members = 1

    @property
    def whole(self) -> bool:
        return self._stream is None or self._stream.eof

    def __call__(self, data: bytes, /) -> Iterator[bytes]:
        if self._stream is None and data:
            # "deflate" means zlib (RFC 1950), and some servers send it raw: a zlib header has 8 in its low four bits
            self._window = 15 if data[0] & 0x0F == 8 else -15
            self._stream = zlib.decompressobj(self._window)
        while data and self._stream is not None:
            if self._stream.eof and not self._next_member():
                return
            try:
                yield self._stream.decompress(data, _STEP)
            except zlib.error:
                raise Malformed("the body's compression is broken") from None
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def _next_member(self) -> bool:
        if self._window != 31 or self._members >= _MEMBERS:
            return False
        self._members += 1
        self._stream = zlib.decompressobj(31)
        return True
