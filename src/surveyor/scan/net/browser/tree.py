"""The accessibility tree of a page that is loaded, bounded, joined with where each node's element is.

DevTools Protocol domains Accessibility (``getFullAXTree``, one a frame) and DOMSnapshot (``captureSnapshot``, all
frames at once), joined by the browser's own number of a node.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from surveyor.scan.accessible import Node, Tree
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.net.browser.snapshot import Place, places
from surveyor.scan.net.browser.tab import Tab

#: What the browser is asked about at most, and what is kept of it: elements, nodes, frames, characters of a text.
ELEMENTS = 6_000
_NODES, _FRAMES, _TEXT, _STATES = 15_000, 10, 300, 20
_SECONDS = 10.0
#: Lines of a text, which its text says too.
_REPEATED = frozenset({"InlineTextBox"})
#: Roles that say nothing without a name.
_WRAPPERS = frozenset({"generic", "none", "presentation"})
_COUNT = "document.getElementsByTagName('*').length"


def read(tab: Tab, world: int, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> Tree:
    """The tree of the page in ``tab``; raises ``LimitExceeded`` for a page of too many elements to ask about."""
    end = clock() + min(seconds, _SECONDS)
    count = tab.run(world, _COUNT, seconds=end - clock()).get("value")
    if not isinstance(count, int) or count > ELEMENTS:
        raise LimitExceeded(f"a page of more than {ELEMENTS:,} elements")
    where = places(tab, seconds=end - clock())
    top, *within = _frames(tab.frames(seconds=end - clock()))
    kept = _Kept(where)
    for frame in (top, *within[:_FRAMES]):
        asked = {"frameId": frame}
        try:
            told = tab.ask("Accessibility.getFullAXTree", asked, seconds=end - clock()).get("nodes", ())
        except Malformed:  # a frame that went away
            continue
        kept.add(told, kept.frame(owner(tab, frame, seconds=end - clock())) if frame != top else -1)
    return Tree(nodes=tuple(kept.nodes), more=kept.more, frames=max(0, len(within) - _FRAMES))


def owner(tab: Tab, frame: str, *, seconds: float) -> int:
    """The browser's own number of the element that a frame is in, 0 where there is none any more."""
    try:
        told = tab.ask("DOM.getFrameOwner", {"frameId": frame}, seconds=seconds)
    except Malformed:
        return 0
    return int(told.get("backendNodeId") or 0)


def _frames(tree: Mapping[str, Any]) -> Iterator[str]:
    """The frames' ids, the page's own first."""
    pending = [tree]
    while pending:
        one = pending.pop(0)
        yield str((one.get("frame") or {}).get("id", ""))
        pending += one.get("childFrames") or ()


class _Kept:
    """Nodes in document order without what says nothing."""

    def __init__(self, where: Mapping[int, Place]) -> None:
        self._where = where
        self.nodes: list[Node] = []
        self._places: dict[int, int] = {}
        self.more = 0

    def frame(self, number: int) -> int:
        """The place of the element that has a number, -1 where it is not told."""
        return self._places.get(number, -1)

    def add(self, told: list[dict[str, Any]], above: int) -> None:
        """One document's nodes, under the node of its frame."""
        by_id = {one["nodeId"]: one for one in told if "nodeId" in one}
        roots = [one["nodeId"] for one in told if one.get("parentId") not in by_id]
        stack = [(root, above) for root in reversed(roots)]
        while stack:
            node = by_id.pop(stack[-1][0], None)
            _, parent = stack.pop()
            if node is None:
                continue
            place = parent
            if _tells(node, known=node.get("backendDOMNodeId") in self._where):
                if len(self.nodes) >= _NODES:
                    self.more += 1
                else:
                    place = len(self.nodes)
                    self._places[node.get("backendDOMNodeId", 0)] = place
                    self.nodes.append(self._node(node, parent))
            stack.extend((child, place) for child in reversed(node.get("childIds") or ()))

    def _node(self, told: dict[str, Any], parent: int) -> Node:
        place = self._where.get(told.get("backendDOMNodeId", -1))
        name = told.get("name") or {}
        return Node(
            role=_value(told, "role"),
            name=_text(name.get("value")),
            named_by=_source(name),
            description=_value(told, "description"),
            value=_value(told, "value"),
            parent=parent,
            where=place.where if place else "",
            tag=place.tag if place else "",
            box=place.box if place else None,
            states=dict(_states(told)),
        )


def _tells(node: dict[str, Any], *, known: bool) -> bool:
    """Whether it says anything; a wrapper that is no element of the page is a part of a control."""
    role = _value(node, "role")
    if node.get("ignored") or role in _REPEATED:
        return False
    return role not in _WRAPPERS or (known and bool(_value(node, "name") or dict(_states(node))))


def _states(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Properties that are more than what every element is."""
    for one in (node.get("properties") or ())[:_STATES]:
        value = (one.get("value") or {}).get("value")
        if value not in (None, False, "", "false") or one.get("name") in {"checked", "pressed", "expanded"}:
            yield str(one.get("name"))[:40], _text(value)


def _source(name: dict[str, Any]) -> str:
    """What a name comes from: the first source that gives one and is not overruled."""
    for one in name.get("sources") or ():
        if one.get("value") and not one.get("superseded"):
            return str(one.get("nativeSource") or one.get("attribute") or one.get("type") or "")[:40]
    return ""


def _value(node: dict[str, Any], key: str) -> str:
    return _text((node.get(key) or {}).get("value"))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else " ".join(str(value).split())[:_TEXT]
