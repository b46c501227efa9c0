"""Names of controls against the text that is seen on them: who speaks to the page says what is seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from surveyor.scan.accessible import Tree
from surveyor.scan.check import axe
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Barrier, Rendered
from surveyor.scan.model import Domain

#: Of the text of one element, and how far below it may stand.
_TEXT, _DEPTH = 1_000, 20
_RULE = "label-content-name-mismatch"


def judge(_: Document, rendered: Rendered) -> Iterable[Outcome]:
    """What axe-core finds, without names that differ from the text by spaces and punctuation alone."""
    alike = _alike(rendered.tree) if rendered.tree is not None else frozenset()
    told = (barrier for barrier in rendered.barriers if barrier.rule == _RULE)
    yield from axe.outcomes(_without(told, alike))


def _without(barriers: Iterable[Barrier], alike: frozenset[str]) -> Iterator[Barrier]:
    for barrier in barriers:
        left = tuple(quoted for quoted in barrier.evidence if quoted.where not in alike)
        yield replace(barrier, evidence=left, count=barrier.count - len(barrier.evidence) + len(left))


def _alike(tree: Tree) -> frozenset[str]:
    """The elements whose text is in their name, letter by letter."""
    texts: dict[int, str] = {}
    for node in tree.nodes:
        if node.role == "StaticText":
            above = node.parent
            for _ in range(_DEPTH):
                if above < 0:
                    break
                if len(texts.get(above, "")) < _TEXT:
                    texts[above] = texts.get(above, "") + node.name
                above = tree.nodes[above].parent
    return frozenset(
        tree.nodes[place].where for place, text in texts.items() if _letters(text) in _letters(tree.nodes[place].name)
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


CHECK = Check(
    id="accessibility_label_in_name",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=axe.OUTCOMES,
    needs=Needs.RENDERED,
    rendered=judge,
    criteria=("2.5.3",),
    act=("2ee8b8",),
    parts=axe.PARTS,
)
