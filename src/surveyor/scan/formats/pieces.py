"""Bytes that come in chunks, cut where a mark stands: long lists are read record by record, never held whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveyor.scan.errors import LimitExceeded


def pieces(chunks: Iterable[bytes | memoryview], mark: bytes, longest: int) -> Iterator[tuple[bytes, bool]]:
    """Each run of bytes without its mark, and whether that was there: after the last run, it is not.

    Raises for a run that is too long.
    """
    held = bytearray()
    for chunk in chunks:
        # a mark may begin in one chunk and end in the next
        seek = max(0, len(held) - len(mark) + 1)
        held += chunk
        start = 0
        while (end := held.find(mark, seek)) >= 0:
            yield bytes(held[start:end]), True
            start = seek = end + len(mark)
        del held[:start]
        if len(held) > longest:
            raise LimitExceeded(f"record of more than {longest:,} bytes")
    yield bytes(held), False
