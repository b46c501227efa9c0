"""Frames of one name: told apart by nothing if different things are in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from surveyor.scan.accessible import Node, Tree
from surveyor.scan.check import axe
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import QUOTES
from surveyor.scan.check.interface import REVIEW, Check, Needs, Outcome
from surveyor.scan.evidence import Rendered
from surveyor.scan.model import Domain, Evidence

#: What advertisements are called: they serve one purpose, whatever is in them.
_SAME_PURPOSE = ("advert", "anzeige", "publicit", "sponsor", "werbung")
#: How much two frames say in the same words that may serve one purpose, as a share of what the shorter one says.
_ALIKE = 0.5
_SHARED_TITLE = "frame-title-unique"
#: Frames of one name that are compared with each other.
_MOST = 20
_Said = frozenset[tuple[str, str]]


def judge(_: Document, rendered: Rendered) -> Iterable[Outcome]:
    """Frames of the page with one name that say different things; to be reviewed where what they say is alike.

    Nor is anything proved by a frame that says nothing: it may not have come yet.
    """
    found = _differing(rendered.tree) if rendered.tree is not None else []
    if found:
        evidence = tuple(
            Evidence(kind="element", value=f'<{node.tag}> "{node.name}"', where=node.where) for node in found[:QUOTES]
        )
        yield Outcome(key="ambiguous", evidence=evidence, count=len(found))
    places = {node.where for node in found}
    told = (barrier for barrier in rendered.barriers if barrier.rule == _SHARED_TITLE)
    doubts = (replace(axe.partition(barrier, places)[1], undecided=True) for barrier in told)
    yield from axe.outcomes(barrier for barrier in doubts if barrier.count)


def _differing(tree: Tree) -> list[Node]:
    """Frames that have their name in common with one that says other things."""
    within = _within(tree)
    groups: dict[str, list[int]] = defaultdict(list)
    for place, node in enumerate(tree.nodes):
        if node.role == "Iframe" and node.name and within.get(place):
            groups[node.name.casefold()].append(place)
    return [
        tree.nodes[place]
        for name, places in groups.items()
        if not name.startswith(_SAME_PURPOSE)
        for place in places[:_MOST]
        if not all(_alike(within[place], within[other]) for other in places[:_MOST])
    ]


def _alike(one: _Said, other: _Said) -> bool:
    return len(one & other) >= _ALIKE * min(len(one), len(other))


def _within(tree: Tree) -> dict[int, _Said]:
    """By the place of a frame, what is said in its document, without its title."""
    told: dict[int, set[tuple[str, str]]] = defaultdict(set)
    frames: dict[int, int] = {}
    for place, node in enumerate(tree.nodes):
        above = node.parent
        frame = above if above >= 0 and tree.nodes[above].role == "Iframe" else frames.get(above, -1)
        frames[place] = frame
        if frame >= 0 and node.name and node.role != "RootWebArea":
            told[frame].add((node.role, node.name))
    return {frame: frozenset(one) for frame, one in told.items()}


CHECK = Check(
    id="accessibility_frame_identical",
    version=2,
    domain=Domain.ACCESSIBILITY,
    outcomes=("ambiguous", REVIEW),
    needs=Needs.RENDERED,
    rendered=judge,
    criteria=("4.1.2",),
    act=("4b1c6c",),
    parts=("tree",),
)
