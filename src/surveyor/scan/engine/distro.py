"""Which distribution a root filesystem is, by os-release(5), links between its two places included."""

from __future__ import annotations

import re

from surveyor.scan.model import Distro
from surveyor.scan.tree.names import resolve

PLACES = (b"etc/os-release", b"usr/lib/os-release")
#: What is read of one os-release; real ones have 500 bytes.
LIMIT = 64 << 10
_HOPS = 8
_LINE = re.compile(r"^(ID|VERSION_ID|PRETTY_NAME)=(.*)$", re.MULTILINE)
_ID = re.compile(r"[a-z0-9._-]{1,64}")


class Releases:
    """The os-release files and links that a walk met, of the system itself and of any root below it."""

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
            if (data := self._follow(root, place)) is not None and (found := parse(data)):
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


def parse(data: bytes) -> Distro | None:
    """Read ``ID``, ``VERSION_ID`` and ``PRETTY_NAME``; nothing without a usable id."""
    fields = {key: _unquoted(value) for key, value in _LINE.findall(data.decode("utf-8", "replace").replace("\r", ""))}
    identity = fields.get("ID", "").lower()
    if not _ID.fullmatch(identity):
        return None
    return Distro(id=identity, version=fields.get("VERSION_ID", "")[:64], name=fields.get("PRETTY_NAME", "")[:200])


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return "".join(char for char in value if char.isprintable())
