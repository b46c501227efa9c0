"""Folders known by number, as filesystems keep them: each with the number of the folder it is in."""

from __future__ import annotations

from typing import Protocol

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.tree.entry import Tally

_MOST = 400_000  # folders, about 90 MB
_DEEPEST = 512
#: Names that lead elsewhere than into their folder.
LEADING_OUT = frozenset({b"", b".", b".."})


class _Walk(Protocol):
    climbing: Tally
    closed: Tally


class Folders:
    """The folders of a volume by number; ``root`` has no name of its own."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._known: dict[int, tuple[int, bytes]] = {}

    def add(self, number: int, parent: int, name: bytes) -> None:
        """Take a folder."""
        if len(self._known) >= _MOST:
            raise LimitExceeded(f"volume with more than {_MOST:,} folders")
        self._known[number] = parent, name

    def rename(self, parent: int, name: bytes, new_parent: int, new_name: bytes) -> None:
        """Let what is in one folder under one name be known under another; costs a look at all folders."""
        number = next((number for number, found in self._known.items() if found == (parent, name)), None)
        if number is not None:
            self._known[number] = new_parent, new_name

    def path(self, number: int, walk: _Walk) -> bytes:
        """The path of a folder with a slash at its end, none for the root.

        What is in no folder of the root, or in a circle, stands below a number; a name that leads out is told and left
        out of the path.
        """
        parts: list[bytes] = []
        at = number
        while at != self._root:
            parent, name = self._known.get(at, (None, b""))
            if parent is None or len(parts) > _DEEPEST:
                walk.closed.add(b"#%d" % number, "folder that is in no other")
                parts.append(b"#%d" % number)
                break
            if name in LEADING_OUT or b"/" in name:
                walk.climbing.add(name)
                name = b"#%d" % at
            parts.append(name)
            at = parent
        return b"".join(name + b"/" for name in reversed(parts))
