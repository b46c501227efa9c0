"""What goes into the store on its way there: counted, hashed, limited, gathered into useful sizes, stoppable."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Self

#: Network chunks are small; each hand-over to the store's threads costs the same for any size.
GATHER_BYTES = 1 << 20


class Feed:
    """An iterator of buffers over a stream of bytes.

    ``limit`` in bytes; the first byte over it raises what ``refuse`` makes. ``stop`` ends the reader's wait, so that
    the store gives up what it has begun.
    """

    def __init__(self, chunks: AsyncIterable[bytes], *, limit: int | None, refuse: Callable[[int], Exception]) -> None:
        self._chunks: AsyncIterator[bytes] = aiter(chunks)
        self._limit, self._refuse = limit, refuse
        self._hash = hashlib.sha256()
        self._reader: asyncio.Task[object] | None = None
        self._ended = False
        self._stopped = False
        self.size = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self._reader = asyncio.current_task()
        gathered: list[bytes] = []
        waiting = 0
        while waiting < GATHER_BYTES and not self._ended:
            if self._stopped:
                raise asyncio.CancelledError
            try:
                chunk = await anext(self._chunks)
            except StopAsyncIteration:
                self._ended = True
                break
            self.size += len(chunk)
            if self._limit is not None and self.size > self._limit:
                raise self._refuse(self._limit)
            gathered.append(chunk)
            waiting += len(chunk)
        if not waiting:
            raise StopAsyncIteration
        buffer = gathered[0] if len(gathered) == 1 else b"".join(gathered)
        self._hash.update(buffer)
        return buffer

    @property
    def sha256(self) -> str:
        """The digest, in lower-case hexadecimal digits, of what went through."""
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Raise CancelledError into whoever reads now or next."""
        self._stopped = True
        if self._reader is not None and not self._reader.done():
            self._reader.cancel()
