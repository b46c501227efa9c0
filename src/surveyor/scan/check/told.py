"""What a browser tells assistive technology of a page's elements, joined with their markup by where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from surveyor.scan.accessible import Node, Tree
from surveyor.scan.check.element import Element, positions, selector
from surveyor.scan.values import frozen

#: What stands between an element and the document or shadow tree that it holds.
_WITHIN = " >>> "
_TEXT = frozenset({"StaticText", "InlineTextBox", "ListMarker", "LineBreak"})
#: Sources of names that the line of an element does not show: other elements.
_ELSEWHERE = frozenset(
    {"labelfor", "labelwrapped", "label", "aria-labelledby", "relatedElement", "figcaption", "legend", "caption"}
    | {"tablecaption", "svgTitle"}
)
#: Elements that are of the page and not shown on it.
_OF_THE_PAGE = frozenset({"html", "head", "title", "meta", "body"})
#: The least share of the elements that has to be found, or the two are not of one moment of the page.
_LEAST = 0.1


@frozen
class Told:
    """``seen`` are the keys of elements that are told of, or hold such: the rest is hidden, whatever its markup says.

    Empty it says nothing. ``names`` and ``descriptions`` are those that come from other elements, by key; ``within``
    are nodes of frames and shadow trees, which no markup of the page has.
    """

    seen: frozenset[int] = frozenset()
    names: Mapping[int, str]
    descriptions: Mapping[int, str]
    within: tuple[Node, ...] = ()

    def hides(self, node: Element) -> bool:
        """Whether nobody is told of an element, nor of anything in it."""
        return bool(self.seen) and node.key not in self.seen and node.tag not in _OF_THE_PAGE


def join(elements: Sequence[Element], tree: Tree) -> Told:
    """The tree's nodes with the elements of the same place; what two elements share is no one's name."""
    places = positions(elements)
    by_place: dict[str, list[Element]] = {}
    for element in elements:
        by_place.setdefault(selector(element, places), []).append(element)
    seen: set[int] = set()
    names: dict[int, str] = {}
    descriptions: dict[int, str] = {}
    for node in tree.nodes:
        found = by_place.get(node.where, ())
        for element in found:
            _mark(element, seen)
        if len(found) == 1 and node.role not in _TEXT:
            if node.name and node.named_by in _ELSEWHERE:
                names[found[0].key] = node.name
            if node.description:
                descriptions[found[0].key] = node.description
    whole = not tree.more and len(seen) >= _LEAST * len(elements)
    return Told(
        seen=frozenset(seen) if whole else frozenset(),
        names=names,
        descriptions=descriptions,
        within=tuple(_within(tree)),
    )


def _mark(element: Element, seen: set[int]) -> None:
    """An element and all that it stands in, up to what is marked."""
    current: Element | None = element
    while current is not None and current.key not in seen:
        seen.add(current.key)
        current = current.parent


def _within(tree: Tree) -> Iterator[Node]:
    """Nodes of frames and shadow trees that say something, and text that stands in none of them."""
    for node in tree.nodes:
        if _WITHIN not in node.where or not node.name:
            continue
        above = tree.nodes[node.parent] if node.parent >= 0 else None
        if node.role not in _TEXT or (above is not None and node.name not in above.name):
            yield node
