"""Deflate64, which Windows packs large files of a zip with: no public specification; a window of 64 KiB, longer runs.

The library has no bound on what it makes of one piece of data, so it is given so little at once that this is one. And
it never lets go of a piece that it was given (1.0.4): so these are always the same ones, written anew.
"""

from __future__ import annotations

import threading

from inflate64 import Inflater

#: A run of 65,538 bytes takes two bits or more: of a piece comes 1 MiB at most.
_PIECE = 32


class _Pieces(threading.local):
    """What the library is given: a whole piece, or a byte where there are not so many."""

    def __init__(self) -> None:
        self.whole, self.single = bytearray(_PIECE), bytearray(1)


_PIECES = _Pieces()


class Deflate64:
    """One stream of it, asked as the decoders of the standard library are; of what follows it nothing is known."""

    unused_data = b""

    def __init__(self) -> None:
        self._inflater = Inflater()
        self._data = memoryview(b"")

    @property
    def eof(self) -> bool:
        """Whether the stream came to its end."""
        return bool(self._inflater.eof)

    @property
    def needs_input(self) -> bool:
        """Whether nothing is left of what was given."""
        return not self._data

    def decompress(self, data: memoryview | bytes, most: int, /) -> bytes:
        """What comes next: about ``most`` bytes, 1 MiB more at worst; raises ``ValueError`` when it is damaged."""
        if data:
            self._data = memoryview(data)
        made = bytearray()
        while self._data and len(made) < most and not self.eof:
            piece = _PIECES.whole if len(self._data) >= _PIECE else _PIECES.single
            piece[:], self._data = self._data[: len(piece)], self._data[len(piece) :]
            made += self._inflater.inflate(piece)
        return bytes(made)
