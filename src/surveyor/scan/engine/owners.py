"""Which system package put a file where it is, so that what a distribution ships is told from what somebody added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from surveyor.scan.catalog.interface import Owned
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Found
from surveyor.scan.model import Distro
from surveyor.scan.tree.entry import readable


class Owners:
    """The file lists of the system packages of one merged tree."""

    def __init__(self, notes: Iterable[tuple[bytes, Owned]]) -> None:
        self._notes = tuple(notes)

    def claim(self, found: list[tuple[Found, Distro | None]], prefix: str) -> list[tuple[Found, Distro | None]]:
        """The same, with an owner where a system package lists the file; ``prefix`` is before all paths."""
        if not self._notes:
            return found
        wanted = {each.path.removeprefix(prefix) for each, _ in found if not each.cataloger.system}
        owners = self._of({name.encode("utf-8", "surrogateescape") for name in wanted})
        return [(self._owned(each, owners, prefix), distro) for each, distro in found]

    def unowned(self, programs: list[Guarded], prefix: str) -> list[Guarded]:
        """Those that no system package lists."""
        if not self._notes:
            return programs
        owners = self._of({one.path.removeprefix(prefix).encode("utf-8", "surrogateescape") for one in programs})
        return [one for one in programs if one.path.removeprefix(prefix) not in owners]

    def _of(self, names: set[bytes]) -> dict[str, str]:
        """Owners of those of these names that have one."""
        spelt = {spelling: name for name in names for spelling in _spellings(name)}
        owners: dict[str, str] = {}
        for root, note in self._notes:
            lines = bytes(note.paths).split(b"\n")
            for line in spelt.keys() & (set(lines) if not root else {b"/" + root + one[1:] for one in lines}):
                owners.setdefault(readable(spelt[line]), f"{note.type}/{note.package}")
        return owners

    @staticmethod
    def _owned(each: Found, owners: dict[str, str], prefix: str) -> Found:
        owner = owners.get(each.path.removeprefix(prefix))
        return each if owner is None or each.cataloger.system else replace(each, owner=owner)


def _spellings(name: bytes) -> Iterable[bytes]:
    """A name as a package may list it: before usr and / were merged it knew /lib/x where usr/lib/x lies."""
    yield b"/" + name
    if name.startswith(b"usr/"):
        yield name[3:]
