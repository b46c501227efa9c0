"""Counts what an image tells of packages in formats that are not read, and what that means for the scan."""

from __future__ import annotations

from dataclasses import dataclass, field

from surveyor.scan.catalog.unread import UNREAD, Unread
from surveyor.scan.engine.books import shown
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Tally


@dataclass(slots=True)
class _Met:
    """The files of one format, and the layer of the first."""

    layer: str | None
    tally: Tally = field(default_factory=Tally)


class Unseen:
    """The files of one image, by format."""

    def __init__(self) -> None:
        self._met: dict[str, _Met] = {}

    def add(self, unread: str, name: bytes, layer: str | None) -> None:
        """Count one file of the format of this id."""
        if unread not in self._met:
            self._met[unread] = _Met(layer)
        self._met[unread].tally.add(name)

    def coverage(self, *, source: bool) -> list[Coverage]:
        """One entry a format; ``source`` when what is declared is the point of the tree."""
        return [_entry(unread, met, source=source) for unread in UNREAD if (met := self._met.get(unread.id))]


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
