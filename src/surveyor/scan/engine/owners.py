"""Which system package put a file where it is, so that what a distribution ships is told from what somebody added.

Also whether it put the file there to be used: a package in its documentation, examples or test data is there and not
installed, so that no record of it is more than a guess.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from surveyor.scan.catalog.interface import Owned
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Found
from surveyor.scan.model import Distro, Tier
from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import readable

#: Where packages of systems keep what is to be read or tested with; a package of npm may be called so itself.
_SHOWN = regex(r"usr/(?:local/)?share/doc/|(?<!/nodejs)(?<!/node_modules)/(?:examples|testdata|tests?/fixtures)/")
_PIECE = 1 << 16  # bytes of a list that are split into lines at once: a list may have millions


class Owners:
    """The system packages that list files of one merged tree: of ``paths``, which all have ``prefix`` before them.

    Every line of every list is looked at once, however many ask.
    """

    def __init__(self, notes: Iterable[tuple[bytes, Owned]], paths: Iterable[str], prefix: str) -> None:
        self._prefix = prefix
        self._owners: dict[str, str] = {}
        ordered = sorted({path.removeprefix(prefix).encode("utf-8", "surrogateescape") for path in paths})
        top, below = b"", spelt(ordered)
        for root, note in notes:
            if root != top:  # lists of one system come together
                top, below = root, spelt(_below(ordered, root))
            for line in listed(note.paths, below):
                self._owners.setdefault(readable(root + below[line]), f"{note.type}/{note.package}")

    def claim(self, found: list[tuple[Found, Distro | None]]) -> list[tuple[Found, Distro | None]]:
        """The same, with an owner where a system package lists the file."""
        return [(self._owned(each), distro) for each, distro in found] if self._owners else found

    def unowned(self, programs: list[Guarded]) -> list[Guarded]:
        """Those that no system package lists."""
        return [one for one in programs if self._of(one.path) is None]

    def _of(self, path: str) -> str | None:
        return self._owners.get(path.removeprefix(self._prefix))

    def _owned(self, each: Found) -> Found:
        owner = None if each.cataloger.system else self._of(each.path)
        if owner is None:
            return each
        record = replace(each.record, tier=Tier.HEURISTIC) if _SHOWN.search(each.path) else each.record
        return replace(each, owner=owner, record=record)


def spelt(names: Iterable[bytes]) -> dict[bytes, bytes]:
    """Names below a root by how a package may list them: before usr and / were merged, usr/lib/x was /lib/x."""
    return {spelling: name for name in names for spelling in _spellings(name)}


def _spellings(name: bytes) -> Iterable[bytes]:
    yield b"/" + name
    if name.startswith(b"usr/"):
        yield name[3:]


def listed(paths: bytes | memoryview, wanted: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """The lines of a list that are wanted, piece by piece; a list is large, and what is wanted of it seldom is."""
    if not wanted:
        return
    view, rest = memoryview(paths), b""
    for at in range(0, len(view), _PIECE):
        *lines, rest = (rest + bytes(view[at : at + _PIECE])).split(b"\n")
        yield from filter(wanted.__contains__, lines)
        if len(rest) > _PIECE:
            rest = b"\0"  # no name is so long; what follows is not the beginning of one
    if rest in wanted:
        yield rest


def _below(ordered: list[bytes], root: bytes) -> list[bytes]:
    """Those of these ordered names that lie below a root, as they are called there."""
    found = []
    for at in range(bisect_left(ordered, root), len(ordered)):
        if not ordered[at].startswith(root):
            break
        found.append(ordered[at][len(root) :])
    return found
