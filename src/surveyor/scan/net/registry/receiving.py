"""A blob on its way: counted, hashed and written while it comes, and taken up where it broke off."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

from surveyor.scan.errors import Malformed, Mismatch, Unsupported
from surveyor.scan.net.response import Response
from surveyor.scan.patterns import regex

_RANGE = regex(r"bytes (?P<start>[0-9]{1,19})-[0-9]{1,19}/(?:[0-9]{1,19}|\*)")
_ALGORITHMS = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


class Receiving(io.RawIOBase):
    """A sink that takes what a descriptor names and nothing else.

    ``tick`` is called with the number of bytes that came, a negative one when they are thrown away.
    """

    def __init__(self, to: BinaryIO, *, digest: str, size: int, tick: Callable[[int], None]) -> None:
        self.done = 0
        self._to = to
        self._digest = digest
        self._size = size
        self._tick = tick
        self._hash = hasher(digest)

    def begin(self, answer: Response) -> BinaryIO:
        """Get ready for the body of a 200 or a 206; raises for a part that nobody asked for."""
        if answer.status == 200:
            self._restart()
        elif _start(answer) != self.done:
            raise Malformed(f"{self._digest[:19]}: the part from byte {self.done:,} was asked for, another one came")
        return self  # type: ignore[return-value]  # only write() is called

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # only bytes come
        """Take a piece; raises when there is more than was named."""
        if self.done + len(data) > self._size:
            detail = f"{self._digest[:19]} has more than the {self._size:,} bytes that its manifest says"
            raise Mismatch(detail, code="wrong_size")
        self._to.write(data)
        self._hash.update(data)
        self.done += len(data)
        self._tick(len(data))
        return len(data)

    @property
    def whole(self) -> bool:
        """Whether as many bytes came as were named."""
        return self.done == self._size

    def verify(self) -> None:
        """Raise unless the bytes are those that were named."""
        if not self.whole:
            detail = f"{self._digest[:19]} has {self.done:,} bytes and its manifest says {self._size:,}"
            raise Mismatch(detail, code="wrong_size")
        check(self._digest, self._hash.hexdigest())

    def _restart(self) -> None:
        """The server begins anew: forget what came before."""
        if self.done:
            self._tick(-self.done)
            self._to.seek(0)
            self._to.truncate()
            self._hash, self.done = hasher(self._digest), 0


def hasher(digest: str) -> hashlib._Hash:
    """The algorithm that a digest names."""
    name = digest.partition(":")[0]
    if name not in _ALGORITHMS:
        raise Unsupported(f"digests of {name[:20]!r} cannot be verified")
    return _ALGORITHMS[name]()


def check(digest: str, taken: str) -> None:
    """Raise unless the hash that was taken is the one that was named."""
    if digest.partition(":")[2] != taken:
        raise Mismatch(f"the bytes named {digest[:19]} are not those of this digest", code="wrong_digest")


def verify(digest: str, data: bytes) -> None:
    """The same for a document that is held."""
    taken = hasher(digest)
    taken.update(data)
    check(digest, taken.hexdigest())


def _start(answer: Response) -> int:
    match = _RANGE.fullmatch((answer.get("content-range") or "").strip())
    if match is None:
        raise Malformed("a part was asked for and the answer does not say which part it is")
    return int(match["start"])
