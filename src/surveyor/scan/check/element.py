"""A page's elements as plain values: read once from the parser, then asked by every rule without going back to it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from selectolax.lexbor import LexborNode

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.evidence import UNSEEN
from surveyor.scan.model import Evidence

#: How many elements are quoted for one outcome, and how long each quote and selector may be.
QUOTES = 20
_SNIPPET = 300
_SELECTOR = 300
_STEPS = 6
_POSITION = 1000
#: A page of 5 MB has a third of it.
_ELEMENTS = 300_000

_NONE: Mapping[str, str | None] = MappingProxyType({})
_LINKED_DATA = "application/ld+json"
_WORDLESS = frozenset({"script", "style", "noscript", "template"})
_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Element:
    """One element: its name, its attributes (``None`` for one without a value), and what stands in it.

    ``unseen`` is what style sheets make of it, as ``evidence.UNSEEN`` says; empty where that is not known.
    """

    __slots__ = ("attributes", "children", "key", "parent", "tag", "unseen")

    def __init__(self, tag: str, attributes: Mapping[str, str | None], parent: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element | str] = []
        self.unseen = ""
        #: Its place in document order.
        self.key = 0

    def elements(self) -> Iterator[Element]:
        """The elements directly in it."""
        return (child for child in self.children if isinstance(child, Element))

    def below(self, *tags: str) -> Iterator[Element]:
        """The elements with one of these names anywhere in it, in document order."""
        return (node for node in _preorder(self) if node.tag in tags and node is not self)

    def text(self, limit: int = 1000) -> str:
        """The text anywhere in it, cut at ``limit`` characters."""
        parts: list[str] = []
        length = 0
        stack: list[Element | str] = [self]
        while stack and length <= limit:
            part = stack.pop()
            if isinstance(part, str):
                parts.append(part)
                length += len(part)
            else:
                stack.extend(reversed(part.children))
        return "".join(parts)[:limit]


class DataBlock(Element):
    """A script element with data in JSON, no program: ``data`` is what stands in it, which is no text of the page."""

    __slots__ = ("data",)

    def __init__(self, tag: str, attributes: Mapping[str, str | None], parent: Element | None, data: str) -> None:
        super().__init__(tag, attributes, parent)
        self.data = data


def read(root: LexborNode, *, marked: bool = False) -> tuple[Element, ...]:
    """Every element in document order, without what stands in templates; without recursion, since pages nest deep.

    Where a browser ``marked`` what is not seen the marks are taken from the attributes.
    """
    top = _element(root, None)
    count = 1
    stack = [(root, top)]
    while stack:
        node, element = stack.pop()
        if element.tag in _WORDLESS and element.tag != "noscript":
            continue
        for child in node.iter(include_text=True):
            if child.tag == "-text":
                element.children.append(child.text_content or "")
            elif child.is_element_node:
                below = _element(child, element)
                element.children.append(below)
                stack.append((child, below))
                count += 1
                if count > _ELEMENTS:
                    raise LimitExceeded(f"a page of more than {_ELEMENTS:,} elements")
    ordered = tuple(_preorder(top))
    for key, element in enumerate(ordered):
        element.key = key
        if marked and UNSEEN in element.attributes:
            element.unseen = element.attributes[UNSEEN] or ""
            element.attributes = {name: value for name, value in element.attributes.items() if name != UNSEEN}
    return ordered


def _element(node: LexborNode, parent: Element | None) -> Element:
    tag, attributes = node.tag or "", node.attributes or _NONE
    if tag == "script" and (attributes.get("type") or "").partition(";")[0].strip().lower() == _LINKED_DATA:
        data = "".join(child.text_content or "" for child in node.iter(include_text=True) if child.tag == "-text")
        return DataBlock(tag, attributes, parent, data)
    return Element(tag, attributes, parent)


def _preorder(top: Element) -> Iterator[Element]:
    stack = [top]
    while stack:
        element = stack.pop()
        yield element
        stack.extend(child for child in reversed(element.children) if isinstance(child, Element))


def quote(nodes: Iterable[Element]) -> tuple[tuple[Evidence, ...], int]:
    """The first elements as evidence, each with a selector and the beginning of its markup; and how many there are."""
    quoted: list[Evidence] = []
    count = 0
    for node in nodes:
        count += 1
        if len(quoted) < QUOTES:
            quoted.append(Evidence(kind="element", value=snippet(node), where=selector(node)))
    return tuple(quoted), count


def snippet(node: Element) -> str:
    """The element's start tag and a little of what follows, on one line."""
    attributes = "".join(
        f" {name}" if value is None else f' {name}="{value[:_SNIPPET]}"'
        for name, value in islice(node.attributes.items(), _SNIPPET)
    )
    return f"<{node.tag}{attributes}>{' '.join(node.text(_SNIPPET).split())}"[:_SNIPPET]


def positions(elements: Sequence[Element]) -> Sequence[int]:
    """Each element's place among its siblings of its name, by key: for who wants many selectors of one page."""
    places = array("L", bytes(len(elements) * array("L").itemsize))
    for parent in elements:
        seen: Counter[str] = Counter()
        for child in parent.elements():
            seen[child.tag] += 1
            places[child.key] = seen[child.tag]
    return places


def selector(node: Element, places: Sequence[int] | None = None) -> str:
    """A path like ``main > ul:nth-of-type(2) > li:nth-of-type(3)``, from the nearest id or ``body``, bounded.

    With ``places`` of all elements no siblings are counted.
    """
    steps: list[str] = []
    current: Element | None = node
    while current is not None and len(steps) < _STEPS:
        name = current.attributes.get("id")
        if name and len(name) <= 80 and name[0].isalpha() and _ID_CHARACTERS.issuperset(name):
            steps.append(f"{current.tag}#{name}")
            break
        steps.append(_step(current, places))
        if current.tag in {"body", "head", "html"}:
            break
        current = current.parent
    return " > ".join(reversed(steps))[:_SELECTOR]


def _step(node: Element, places: Sequence[int] | None) -> str:
    if node.tag in {"html", "head", "body"} or node.parent is None:
        return node.tag
    if places is not None:
        return f"{node.tag}:nth-of-type({places[node.key]})"
    position = 0
    for sibling in node.parent.elements():
        position += sibling.tag == node.tag
        if sibling is node or position >= _POSITION:
            break
    return f"{node.tag}:nth-of-type({position})"
