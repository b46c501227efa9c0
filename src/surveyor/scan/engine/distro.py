"""Which distribution a root filesystem is, by the files that say so, links between their places included."""

from __future__ import annotations

from surveyor.scan.formats.release import PLACES, parse
from surveyor.scan.model import Distro
from surveyor.scan.tree.names import resolve

_HOPS = 8


class Releases:
    """The files of releases and the links that a walk met, of the system itself and of any root below it."""

    def __init__(self) -> None:
        self._files: dict[bytes, bytes] = {}
        self._links: dict[bytes, bytes] = {}

    def add_file(self, name: bytes, data: bytes) -> None:
        """Keep one file; the first one seen is of the newest layer."""
        self._files.setdefault(name, data)

    def add_link(self, name: bytes, target: bytes) -> None:
        """Keep one symbolic link."""
        self._links.setdefault(name, target)

    def at(self, root: bytes) -> Distro | None:
        """The distribution of the system at ``root``, which is empty or ends with a slash."""
        for place in PLACES:
            if (data := self._follow(root, place)) is not None and (found := parse(place, data)):
                return found
        return None

    def _follow(self, root: bytes, place: bytes) -> bytes | None:
        for _ in range(_HOPS):
            name = root + place
            if name in self._files:
                return self._files[name]
            if name not in self._links:
                return None
            place = resolve(place, self._links[name])
        return None
