"""A port of 127.0.0.1 for a program that a test starts: nobody else is given it in the meantime."""

from __future__ import annotations

import socket
from typing import Self


class Reserved:
    """A free port, bound but not listened on: a program may still listen on it, as often as it likes.

    Closed at once, it could be the next free one that the kernel hands to another test's server before the program has
    come up. Held, it goes only to who asks for it by number and, as servers do, by ``SO_REUSEADDR``; and no connection
    goes out from it, which one that looks whether the program answers yet could otherwise meet itself by.
    """

    def __init__(self) -> None:
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.number: int = self._holder.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the kernel have it back."""
        self._holder.close()
