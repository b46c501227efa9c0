"""Symbolic links on the way to package records: which matter, where they lead inside the merged tree, and to whom.

A database may stand behind a link (``var/lib/dpkg -> /usr/dpkg``) or be one (``status -> /data/dpkg-status``). The
first look at a layer keeps such links; what they lead to under another name is found by a second one, which an image
without them never pays for.
"""

from __future__ import annotations

import re

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.unread import UNREAD
from surveyor.scan.engine.concern import concerned
from surveyor.scan.formats import release
from surveyor.scan.limits import Budget
from surveyor.scan.tree.names import resolve
from surveyor.scan.values import frozen

_UNITS = (*CATALOGERS, *UNREAD)
_SYSTEMS = tuple(unit for unit in CATALOGERS if unit.system)
_DATABASES = tuple(place for unit in _UNITS for place in unit.places)
_PLACES = (*release.PLACES, *_DATABASES)
#: Folders of everybody: a link that stands for one says nothing of a package database.
_GENERAL = frozenset({b"etc", b"lib", b"usr", b"usr/lib", b"usr/share", b"var", b"var/lib"})
_HOPS = 40  # as Linux has it
_LONGEST = 1024


def steps_of(place: bytes) -> list[bytes]:
    """The folders on the way to a place from the outermost, and the place itself."""
    parts = place.rstrip(b"/").split(b"/")
    return [b"/".join(parts[: count + 1]) for count in range(len(parts))]


def _last_names() -> bytes:
    """A pattern of the last components of all folders on the way; an outermost one counts at the top of a tree only.

    Each begins with its letters and looks behind itself afterwards, so that other names are passed by at a glance.
    """
    found: dict[str, set[str]] = {}
    for place in _PLACES:
        for step in steps_of(place) if place.endswith(b"/") else steps_of(place)[:-1]:
            *above, last = map(re.escape, step.decode().split("/"))
            before = f"(?<={above[-1]}/{last})" if above else f"(?<!.{{{len(last) + 1}}})"
            found.setdefault(last, set()).add(before)
    return "|".join(f"{last}(?:{'|'.join(sorted(before))})" for last, before in sorted(found.items())).encode()


NAMES = _last_names()
#: Every place with each step on the way to it, the slash before that included, by the last component of that.
_WAYS: dict[bytes, list[tuple[bytes, bytes]]] = {}
for _place in _PLACES:
    for _step in steps_of(_place):
        _WAYS.setdefault(_step.rpartition(b"/")[2], []).append((_place, b"/" + _step))


def recorded(name: bytes) -> bool:
    """Whether a file of this name would be read or told of."""
    return name.endswith(release.PLACES) or bool(concerned(name))


def concerns(name: bytes) -> bool:
    """Whether a link of this name may stand before a package record."""
    slashed = b"/" + name
    ways = _WAYS.get(slashed[slashed.rfind(b"/") + 1 :], ())
    return any(slashed.endswith(step) for _, step in ways) or recorded(name)


@frozen
class Wish:
    """A record, or a folder of them when it ends with a slash: the path it is known by, and where links lead to.

    ``target`` is nothing when that is a circle. ``link`` is who leads there, ``root`` the top of its system.
    """

    known: bytes
    link: bytes
    root: bytes
    target: bytes | None

    @property
    def database(self) -> bool:
        """Whether the link says of itself that a package database, or a part of one, is there."""
        place = self.known[len(self.root) :] in _DATABASES or any(unit.paths.search(self.known) for unit in _SYSTEMS)
        return place and self.link[len(self.root) :] not in _GENERAL

    @property
    def release(self) -> bool:
        """Whether it is an os-release, whose absence is told where packages cannot be matched for lack of it."""
        return self.known.endswith(release.PLACES)

    @property
    def looked_for(self) -> bool:
        """Whether the first look would have met the target under its own name."""
        target = self.target or b""
        return recorded(target) or any(target == place or target.endswith(b"/" + place) for place in _PLACES)

    @property
    def moved(self) -> tuple[bytes, bytes]:
        """The root under which the target lies, and the one it is known under; the same when there is no such root."""
        place, target = self.known[len(self.root) :], self.target or b""
        return (target[: len(target) - len(place)], self.root) if target.endswith(b"/" + place) else (b"", b"")


class Links:
    """The links of one merged tree, the newest of each name, and the records that were met."""

    def __init__(self) -> None:
        self._targets: dict[bytes, tuple[bytes | None, str | None]] = {}
        self._met: set[int] = set()

    def add(self, name: bytes, target: bytes | None, layer: str | None) -> None:
        """Keep a link, or that a folder stands in the place of any older link; layers come newest first."""
        self._targets.setdefault(name, (target, layer))

    def met(self, name: bytes) -> None:
        """Remember that a record was met, and its folder with it."""
        self._met.add(hash(name))
        self._met.add(hash(name.rpartition(b"/")[0] + b"/"))

    def layer_of(self, link: bytes) -> str | None:
        """The layer that holds a link."""
        return self._targets[link][1]

    def fulfilled(self, wish: Wish) -> bool:
        """Whether what the links lead to has been met."""
        return wish.target is not None and hash(wish.target) in self._met

    def wishes(self, budget: Budget) -> list[Wish]:
        """What the links lead to, those of longer names first; nothing for paths at which a record itself was met."""
        found: dict[bytes, Wish] = {}
        for link in sorted(self._targets, key=lambda name: (-len(name), name)):
            if self._targets[link][0] is None:
                continue
            budget.check_time()
            for root, known in _behind(link):
                target = self.locate(known, root)
                if target != known and hash(known) not in self._met:
                    found.setdefault(known, Wish(known=known, link=link, root=root, target=target))
        return list(found.values())

    def locate(self, path: bytes, root: bytes) -> bytes | None:
        """Where a path leads, link by link, never out of the tree; nothing for a circle."""
        tail = b"/" if path.endswith(b"/") else b""
        path = path.rstrip(b"/")
        for _ in range(_HOPS):
            if len(path) > _LONGEST:
                return None
            if (link := self._on_the_way(path)) is None:
                return path + tail
            target = self._targets[link][0] or b""
            base = root if target.startswith(b"/") else b""
            path = (base + resolve(link, target) + path[len(link) :]).lstrip(b"/")
        return None

    def _on_the_way(self, path: bytes) -> bytes | None:
        """The outermost link on the way to a path, or at its end."""
        at = path.find(b"/")
        while at >= 0:
            if self._targets.get(path[:at], _NOTHING)[0] is not None:
                return path[:at]
            at = path.find(b"/", at + 1)
        return path if self._targets.get(path, _NOTHING)[0] is not None else None


_NOTHING: tuple[None, None] = (None, None)


def _behind(link: bytes) -> list[tuple[bytes, bytes]]:
    """Roots and paths of the records that may stand behind a link: the places it is on the way to, else itself.

    The outermost root first: ``usr/lib/apk`` is a folder of the tree, and not ``lib/apk`` of a system in ``usr``.
    """
    slashed, listed = b"/" + link, _WAYS.get(link.rpartition(b"/")[2], ())
    ways = ((slashed[1 : len(slashed) - len(step) + 1], place) for place, step in listed if slashed.endswith(step))
    return sorted((root, root + place) for root, place in ways) or [(b"", link)]
