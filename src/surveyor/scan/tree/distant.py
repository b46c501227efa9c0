"""Bytes that are elsewhere until somebody looks at them: a layer in a registry that a cache of layers knows."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from surveyor.scan.errors import ScanError
from surveyor.scan.tree.entry import Blob


class Distant:
    """A blob of ``size`` bytes that ``fetch`` brings when somebody first looks at it; safe to share between threads.

    Nobody fetches twice: what ``fetch`` raised the first time, everybody hears who looks later.
    """

    __slots__ = ("_error", "_fetch", "_here", "_lock", "size")

    def __init__(self, size: int, fetch: Callable[[], Blob]) -> None:
        self.size = size
        self._fetch = fetch
        self._lock = Lock()
        self._here: Blob | None = None
        self._error: ScanError | None = None

    @property
    def here(self) -> bool:
        """Whether the bytes have come."""
        return self._here is not None

    def bring(self) -> Blob:
        """The bytes; raises what ``fetch`` raises."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._here is None:
                try:
                    self._here = self._fetch()
                except ScanError as error:
                    # a traceback would hold the frames of who looked first, and with them what they hold
                    self._error = error.with_traceback(None)
                    raise
            return self._here
