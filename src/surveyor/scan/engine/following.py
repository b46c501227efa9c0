"""The second look at an image: reads what links to package records lead to under another name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from surveyor.scan.engine.books import shown
from surveyor.scan.engine.links import Links, Wish, recorded, steps_of
from surveyor.scan.engine.units import Ledger
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Entry, Kind, Layer, Wanted, readable
from surveyor.scan.tree.overlay import Overlay

#: How often layers may be walked again, each time for links that the walk before has met.
_ROUNDS = 4
_NAMED = 5
_SPELLED_OUT = 200
#: Takes a file of a layer under the path that it is known by.
Take = Callable[[Entry, Layer], None]


class Follower:
    """Follows the links of one image; ``layers`` are those walked, newest first."""

    def __init__(
        self, links: Links, layers: Sequence[Layer], overlay: Overlay, ledger: Ledger, budget: Budget, take: Take
    ) -> None:
        self._links = links
        self._layers = layers
        self._overlay = overlay
        self._ledger = ledger
        self._budget = budget
        self._take = take

    def walk(self, wishes: list[Wish], *, thorough: bool) -> list[Wish]:
        """Look for what was not met yet; returns all wishes with where they lead as far as is known now.

        A target that the first look would have met is sought again when it is a database, or when asked to be thorough:
        a folder of its path may be a link too.
        """
        for _ in range(_ROUNDS):
            targets = {
                wish.target
                for wish in wishes
                if wish.target is not None
                and not self._links.fulfilled(wish)
                and (thorough or wish.database or not wish.looked_for)
            }
            if not targets:
                break
            self._round([wish for wish in wishes if wish.target in targets], targets)
            before = [wish.target for wish in wishes]
            wishes = [replace(wish, target=self._links.locate(wish.known, wish.root)) for wish in wishes]
            if before == [wish.target for wish in wishes]:
                break
        return wishes

    def _round(self, wishes: list[Wish], targets: set[bytes]) -> None:
        known: dict[bytes, list[bytes]] = {}
        for wish in wishes:
            known.setdefault(wish.target or b"", []).append(wish.known)
        steps = {step for target in targets for step in steps_of(target)}
        wanted = lasts_of(steps | targets)
        for newer, layer in enumerate(self._layers):
            look = partial(self._layer, newer, layer, wanted, steps, known)
            self._ledger.attempt("acquire.links", look, stage="container.layers", layer=layer.digest)

    def _layer(
        self, newer: int, layer: Layer, wanted: Wanted, steps: set[bytes], known: dict[bytes, list[bytes]]
    ) -> None:
        for entry in layer.walk(wanted, self._budget):
            if entry.name in steps or _folder(entry.name) in known:
                self._entry(entry, layer, newer, known)

    def _entry(self, entry: Entry, layer: Layer, newer: int, known: dict[bytes, list[bytes]]) -> None:
        if not self._overlay.visible(entry.name, newer):
            return
        if entry.kind is Kind.SYMLINK:
            self._links.add(entry.name, entry.target, layer.digest)
        elif entry.kind is Kind.HARDLINK:
            self._links.add(entry.name, b"../" * entry.name.count(b"/") + entry.target, layer.digest)
        elif entry.kind is Kind.OTHER:
            self._links.add(entry.name, None, layer.digest)
        else:
            folder = _folder(entry.name)
            inside = [path + entry.name[len(folder) :] for path in known.get(folder, ())]
            # taken once: of two files of one name the newer layer's is the one, and others are hidden
            names = [*known.pop(entry.name, ()), *filter(recorded, inside)]
            for name in names:
                self._take(replace(entry, name=name), layer)
            if names:
                self._links.met(entry.name)


def _folder(name: bytes) -> bytes:
    return name.rpartition(b"/")[0] + b"/"


def lasts_of(names: Collection[bytes]) -> Wanted:
    """A pattern of the last components of these names, and of whatever lies in those that end with a slash.

    Of any name when there are many: each would be compared with every name of a layer.
    """
    if len(names) > _SPELLED_OUT:
        return Wanted(re.compile(rb""))
    parts = set()
    for name in names:
        last = re.escape(name.rstrip(b"/").rpartition(b"/")[2])
        parts.add(rb"(?<=" + last + rb"/)[^/]+" if name.endswith(b"/") else last)
    return Wanted(re.compile(rb"(?:" + b"|".join(sorted(parts)) + rb")\Z", re.DOTALL))


def unfulfilled(links: Links, wishes: list[Wish], *, source: bool, package: bool) -> list[Coverage]:
    """What links lead to nothing: to a database, the scan is partial; else only in a tree that may be a part of one.

    What one package holds is never partial by that: its links may lead into those that it depends on.
    """
    kept = {wish.link for wish in wishes if links.fulfilled(wish)}
    lost: dict[bool, set[bytes]] = {True: set(), False: set()}
    for wish in wishes:
        told = wish.database or (wish.known == wish.link and not wish.release)
        if told and wish.link not in kept:
            lost[wish.database].add(wish.link)
    return [
        _entry(found, links, database=database, partial=not package and (database or source))
        for database, found in lost.items()
        if found
    ]


def _entry(found: set[bytes], links: Links, *, database: bool, partial: bool) -> Coverage:
    names = sorted(found)
    what = "package databases" if database else "package records"
    paths = [readable(name) for name in names[:_NAMED]]
    return Coverage(
        what="acquire.links",
        state=CoverageState.PARTIAL if partial else CoverageState.SKIPPED,
        reason="symlink",
        detail=f"symbolic links to {what} lead to nothing that is in this tree: {shown(paths, len(names))}",
        path=paths[0],
        layer=links.layer_of(names[0]),
        count=len(names),
    )
