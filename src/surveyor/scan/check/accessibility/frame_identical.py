"""Frames of one name: told apart by nothing if different things are in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from surveyor.scan.accessible import Tree
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import QUOTES
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Rendered
from surveyor.scan.model import Domain, Evidence

#: What advertisements are called: they serve one purpose, whatever is in them.
_SAME_PURPOSE = ("advert", "anzeige", "publicit", "sponsor", "werbung")


def judge(_: Document, rendered: Rendered) -> Iterable[Outcome]:
    """Frames of the page with one name, of which assistive technology is told different things."""
    tree = rendered.tree
    if tree is None:
        return
    within = _within(tree)
    groups: dict[str, list[int]] = defaultdict(list)
    for place, node in enumerate(tree.nodes):
        if node.role == "Iframe" and node.name and place in within:
            groups[node.name.casefold()].append(place)
    found = [
        tree.nodes[place]
        for name, places in groups.items()
        if len({within[place] for place in places}) > 1 and not name.startswith(_SAME_PURPOSE)
        for place in places
    ]
    if found:
        evidence = tuple(
            Evidence(kind="element", value=f'<{node.tag}> "{node.name}"', where=node.where) for node in found[:QUOTES]
        )
        yield Outcome(key="ambiguous", evidence=evidence, count=len(found))


def _within(tree: Tree) -> dict[int, tuple[tuple[str, str], ...]]:
    """By the place of a frame, what is told of its document."""
    told: dict[int, list[tuple[str, str]]] = {}
    frames: dict[int, int] = {}
    for place, node in enumerate(tree.nodes):
        above = node.parent
        frame = above if above >= 0 and tree.nodes[above].role == "Iframe" else frames.get(above, -1)
        frames[place] = frame
        if frame >= 0:
            told.setdefault(frame, []).append((node.role, node.name))
    return {frame: tuple(one) for frame, one in told.items()}


CHECK = Check(
    id="accessibility_frame_identical",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("ambiguous",),
    needs=Needs.RENDERED,
    rendered=judge,
    criteria=("4.1.2",),
    act=("4b1c6c",),
    parts=("tree",),
)
