"""Counts what an image tells of packages in formats that are not read, and what that means for the scan."""

from __future__ import annotations

from dataclasses import dataclass, field

from surveyor.scan.catalog.unread import INSTALLED, LOCKS, UNREAD, Unread, answering
from surveyor.scan.engine.books import shown
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Tally

_LEVELS = 32  # of folders that are looked through for a lock file


@dataclass(slots=True)
class _Met:
    """The files of one format, and the layer of the first."""

    layer: str | None
    tally: Tally = field(default_factory=Tally)


class Unseen:
    """The files of one image, by format; a manifest waits until all lock files are known."""

    def __init__(self) -> None:
        self._met: dict[str, _Met] = {}
        self._manifests: list[tuple[str, bytes, str | None]] = []
        self._locked: set[tuple[str, bytes]] = set()

    def add(self, unread: str, name: bytes, layer: str | None) -> None:
        """Take one file of the format of this id."""
        if answering(name):
            self._manifests.append((unread, name, layer))
        else:
            self._count(unread, name, layer)

    def lock(self, unit: str, name: bytes) -> None:
        """Take a file that a unit reads, which may answer for manifests."""
        if unit in INSTALLED:
            before, folder, _ = (b"/" + name).partition(b"/" + INSTALLED[unit])
            if folder:
                self._locked.add((unit, before[1:]))
        elif unit in LOCKS:
            self._locked.add((unit, name.rpartition(b"/")[0]))

    def coverage(self, *, source: bool) -> list[Coverage]:
        """One entry a format; ``source`` when what is declared is the point of the tree."""
        for unread, name, layer in self._manifests:
            if not self._answered(name):
                self._count(unread, name, layer)
        self._manifests.clear()
        return [_entry(unread, met, source=source) for unread in UNREAD if (met := self._met.get(unread.id))]

    def _answered(self, name: bytes) -> bool:
        """Whether a lock file lies beside a manifest or above it, as in a workspace of several projects."""
        units, folder = answering(name), name
        for _ in range(_LEVELS if self._locked else 0):
            folder = folder.rpartition(b"/")[0]
            if any((unit, folder) in self._locked for unit in units):
                return True
            if not folder:
                break
        return False

    def _count(self, unread: str, name: bytes, layer: str | None) -> None:
        if unread not in self._met:
            self._met[unread] = _Met(layer)
        self._met[unread].tally.add(name)


def _entry(unread: Unread, met: _Met, *, source: bool) -> Coverage:
    if unread.installed:
        state, reason = CoverageState.FAILED, "unsupported"
    else:
        state, reason = CoverageState.PARTIAL if source else CoverageState.SKIPPED, "not_read"
    paths, count = met.tally.paths, met.tally.count
    return Coverage(
        what=f"catalog.{unread.id}",
        state=state,
        reason=reason,
        detail=f"{unread.detail}: {shown(paths, count)}",
        path=paths[0],
        layer=met.layer,
        count=count,
    )
