"""Files that others name, as ``-r more.txt`` does: read by who was told of them, in another walk of the layers.

Only an image or a tree in which a file names one that its own name does not give away pays for that, and of its layers
those that may have such a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from surveyor.scan.catalog.interface import Cataloger
from surveyor.scan.engine.books import shown
from surveyor.scan.engine.following import lasts_of
from surveyor.scan.engine.look import Taken
from surveyor.scan.engine.units import Ledger
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Entry, Kind, Layer, readable
from surveyor.scan.tree.overlay import Overlay

#: How often layers may be walked again, each time for what the files of the walk before have named.
_ROUNDS = 10
_NAMED = 5
#: Takes a file of a layer for the cataloger that was told of it.
Take = Callable[[Cataloger, Entry, Layer], None]


class Referrals:
    """What the visible files of one image name."""

    def __init__(self) -> None:
        self._wanted: dict[bytes, dict[str, Cataloger]] = {}
        self._done: set[tuple[bytes, str]] = set()
        self._lost: set[bytes] = set()

    @property
    def waiting(self) -> bool:
        """Whether anything is to be looked for."""
        return bool(self._wanted)

    def add(self, taken: Taken) -> None:
        """Keep what a file names that has not been looked for."""
        for name in taken.referred:
            if (name, taken.unit.id) not in self._done:
                self._done.add((name, taken.unit.id))
                self._wanted.setdefault(name, {})[taken.unit.id] = taken.unit

    def follow(self, layers: Sequence[Layer], overlay: Overlay, ledger: Ledger, budget: Budget, take: Take) -> None:
        """Look for all of it in ``layers``, newest first, and for what those files name in turn."""
        for _ in range(_ROUNDS):
            wanted, self._wanted = self._wanted, {}
            if not wanted:
                return
            for newer, layer in enumerate(layers):
                look = partial(self._layer, layer, newer, wanted, overlay, budget, take)
                ledger.attempt("acquire.referrals", look, stage="container.layers", layer=layer.digest)
            self._lost |= wanted.keys()
        self._lost |= self._wanted.keys()

    def _layer(
        self,
        layer: Layer,
        newer: int,
        wanted: dict[bytes, dict[str, Cataloger]],
        overlay: Overlay,
        budget: Budget,
        take: Take,
    ) -> None:
        if not wanted or overlay.lacks(wanted, newer):
            return
        for entry in layer.walk(lasts_of(wanted.keys()), budget):
            if entry.kind is Kind.FILE and entry.name in wanted and overlay.visible(entry.name, newer):
                for unit in wanted.pop(entry.name).values():
                    take(unit, entry, layer)

    def coverage(self, *, source: bool) -> list[Coverage]:
        """What was named and not met; ``source`` when what is declared is the point of the tree."""
        if not self._lost:
            return []
        paths = [readable(name) for name in sorted(self._lost)[:_NAMED]]
        return [
            Coverage(
                what="acquire.referrals",
                state=CoverageState.PARTIAL if source else CoverageState.SKIPPED,
                reason="not_in_tree",
                detail=f"named by other files and not met in this tree: {shown(paths, len(self._lost))}",
                path=paths[0],
                count=len(self._lost),
            )
        ]
