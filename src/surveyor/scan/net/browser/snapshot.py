"""Where every element of a loaded page is: a selector and a box by the browser's own number of its node.

DevTools Protocol domain DOMSnapshot: flattened arrays of all frames' nodes, with indices into one table of strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from surveyor.scan.net.browser.tab import Tab

_ELEMENT = 1
_SIDES = 4
_STEPS, _SELECTOR, _FRAMES, _ID = 6, 300, 5, 80
_ENDS = frozenset({"html", "head", "body"})
_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_OPEN = frozenset({"open", "closed"})

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """An element, or of other nodes the one that they stand in: its selector, name, and box in its own document."""

    where: str
    tag: str
    box: Box | None


def places(tab: Tab, *, seconds: float) -> dict[int, Place]:
    """Every node of the page and of its frames, by the number that the protocol calls ``backendNodeId``."""
    told = tab.ask("DOMSnapshot.captureSnapshot", {"computedStyles": []}, seconds=seconds)
    strings = told.get("strings") or []

    def text(index: int) -> str:
        return strings[index] if 0 <= index < len(strings) else ""

    documents = [_Document(one["nodes"], one.get("layout") or {}, text) for one in told.get("documents") or ()]
    hosts: dict[int, tuple[int, int]] = {}
    for number, document in enumerate(documents):
        hosts.update((inner, (number, node)) for node, inner in document.frames.items())
    found: dict[int, Place] = {}
    for number, document in enumerate(documents):
        document.place(found, _prefix(documents, hosts, number))
    return found


def _prefix(documents: Sequence[_Document], hosts: dict[int, tuple[int, int]], number: int) -> str:
    """The way to a frame's document through the frames around it."""
    steps: list[str] = []
    while number in hosts and len(steps) < _FRAMES:
        number, node = hosts[number]
        steps.append(documents[number].selector(node))
    return "".join(f"{step} >>> " for step in reversed(steps))


class _Document:
    """One document's arrays, asked for selectors as rules of markup write them (``check.element.selector``)."""

    def __init__(self, nodes: dict[str, Any], layout: dict[str, Any], text: Callable[[int], str]) -> None:
        self._parents: list[int] = list(nodes.get("parentIndex") or ())
        self._kinds: list[int] = nodes.get("nodeType") or []
        self._numbers: list[int] = nodes.get("backendNodeId") or []
        self._names = [text(name).lower() for name in nodes.get("nodeName") or ()]
        self._ids = [_id(attributes, text) for attributes in nodes.get("attributes") or ()]
        roots = nodes.get("shadowRootType") or {}
        self._shadow = {
            index
            for index, kind in zip(roots.get("index") or (), roots.get("value") or (), strict=False)
            if text(kind) in _OPEN
        }
        inner = nodes.get("contentDocumentIndex") or {}
        self.frames: dict[int, int] = dict(zip(inner.get("index") or (), inner.get("value") or (), strict=False))
        self._boxes = dict(_boxes(layout))
        self._unslot()
        self._positions = self._counted()

    def _unslot(self) -> None:
        """What is slotted comes under its slot, and belongs to the host."""
        outside = [
            node for node, above in enumerate(self._parents) if above in self._shadow and node not in self._shadow
        ]
        for node, host in [(node, self._host(self._parents[node])) for node in outside]:
            self._parents[node] = host

    def _counted(self) -> list[int]:
        """Each element's place among its siblings of its name."""
        seen: dict[tuple[int, bool, str], int] = {}
        positions = []
        for index, name in enumerate(self._names):
            key = (self._parents[index], self._top(index), name)
            seen[key] = seen.get(key, 0) + 1
            positions.append(seen[key])
        return positions

    def _top(self, index: int) -> bool:
        """Whether it is the first of its shadow tree on the way down."""
        return index in self._shadow and self._parents[index] not in self._shadow

    def place(self, found: dict[int, Place], prefix: str) -> None:
        """Put every node of the document where it is."""
        known: dict[int, Place] = {}
        for index, number in enumerate(self._numbers):
            element = index
            while element >= 0 and (self._kinds[element] != _ELEMENT or self._names[element].startswith("::")):
                element = self._parents[element]
            if element < 0:
                continue
            if element not in known:
                where = f"{prefix}{self.selector(element)}"[:_SELECTOR]
                known[element] = Place(where, self._names[element], self._boxes.get(element))
            found[number] = known[element]

    def selector(self, index: int) -> str:
        """The way to an element from the nearest id or ``body``, through the hosts of shadow trees."""
        scopes: list[str] = []
        while index >= 0 and len(scopes) < _FRAMES:
            scopes.append(self._path(index))
            index = self._host(index)
        return " >>> ".join(reversed(scopes))

    def _path(self, index: int) -> str:
        """The way within one tree."""
        steps: list[str] = []
        while index >= 0 and self._kinds[index] == _ELEMENT and len(steps) < _STEPS:
            name, own = self._names[index], self._ids[index]
            if own or name in _ENDS:
                steps.append(f"{name}#{own}" if own else name)
                break
            steps.append(f"{name}:nth-of-type({self._positions[index]})")
            if self._top(index):
                break
            index = self._parents[index]
        return " > ".join(reversed(steps))

    def _host(self, index: int) -> int:
        """The element whose shadow tree it is in, -1 for none."""
        while index in self._shadow:
            if self._top(index):
                return self._parents[index]
            index = self._parents[index]
        return -1


def _id(attributes: Sequence[int], text: Callable[[int], str]) -> str:
    """An element's id where a selector can say it as it is."""
    for name, value in zip(attributes[::2], attributes[1::2], strict=False):
        if text(name) == "id":
            own = text(value)
            fits = 0 < len(own) <= _ID and own[0].isalpha() and _ID_CHARACTERS.issuperset(own)
            return own if fits else ""
    return ""


def _boxes(layout: dict[str, Any]) -> Iterator[tuple[int, Box]]:
    """The first box of each node that has any."""
    seen: set[int] = set()
    for index, bounds in zip(layout.get("nodeIndex") or (), layout.get("bounds") or (), strict=False):
        if index not in seen and len(bounds) == _SIDES:
            seen.add(index)
            left, top, width, height = (round(side) for side in bounds)
            yield index, (left, top, width, height)
