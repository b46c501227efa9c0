"""Trees of judged pages: circles of objects, which a scan collects seldom, and must where it reads hundreds."""

from __future__ import annotations

import gc

#: A tree takes twenty times its markup; so much of that may lie about.
_MARKUP = 2 << 20


class Litter:
    """What was read and is not needed any more, by the bytes of its markup."""

    def __init__(self) -> None:
        self._bytes = 0

    def drop(self, markup: int) -> None:
        """A page's tree was let go; what lies about is collected when it is much."""
        # several threads may count: one too few is no harm
        self._bytes += markup
        if self._bytes > _MARKUP:
            self._bytes = 0
            gc.collect()
