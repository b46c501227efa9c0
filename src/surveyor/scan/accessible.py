"""What a browser tells assistive technology of a page: its accessibility tree, with the element behind each node.

Names, roles and states are Chromium's own computation (Accessible Name and Description 1.2, Core and HTML-AAM), after
scripts and style sheets: what is hidden is not there, whatever its markup says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from surveyor.scan.values import frozen


@frozen
class Node:
    """One node: ``role`` is ARIA's, or Chromium's own in camel case (``StaticText``, ``RootWebArea``, ``Iframe``).

    ``parent`` is its parent's place in the tree, of a frame's document its frame's, of the page's own -1; ``tag`` the
    name of its element, of text that of the element it stands in, and ``where`` that element's selector, as barriers
    quote it: with ``>>>`` into frames and open shadow trees. ``named_by`` says what ``name`` comes from: ``contents``,
    ``title``, ``aria-label``, ``labelfor`` …; ``states`` are its properties as words (``level``, ``checked``,
    ``focusable``, ``required`` …).
    ``box`` is left, top, width and height in CSS pixels from the corner of its own document, where it has one.
    """

    role: str
    name: str
    parent: int
    where: str
    tag: str
    named_by: str = ""
    description: str = ""
    value: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    box: tuple[int, int, int, int] | None = None


@frozen
class Tree:
    """All nodes that are told, parents before their children in document order, frames' after the page's own.

    Wrappers that say nothing are left out. ``more`` is how many nodes, and ``frames`` how many frames, were too many.
    """

    nodes: tuple[Node, ...]
    more: int = 0
    frames: int = 0

    def path(self, place: int) -> Iterator[Node]:
        """The nodes above one, nearest first."""
        above = self.nodes[place].parent
        while above >= 0:
            yield self.nodes[above]
            above = self.nodes[above].parent


@frozen
class Media:
    """One sound or video of a page, as far as its beginning tells.

    ``markup`` is the beginning of its element, ``seconds`` how long it lasts where that is known, ``source`` the
    address that was chosen, ``tracks`` the kinds of its text tracks; ``silent`` is absent where it is not known whether
    it has sound, ``muted`` says whether that is off.
    """

    where: str
    markup: str
    tag: str
    autoplay: bool
    muted: bool
    controls: bool
    shown: bool
    silent: bool | None = None
    seconds: float | None = None
    source: str = ""
    tracks: tuple[str, ...] = ()


@frozen
class Label:
    """The text that is seen on an element which attributes name, if any: ``markup`` is the element's beginning.

    In ``text`` a line feed stands between blocks, and a word joiner (U+2060) where boxes in one line meet, which may be
    seen as one word or as two.
    """

    where: str
    markup: str
    text: str


@frozen
class Picture:
    """An element as it is seen: ``where`` is its selector, ``data`` a picture (WebP) as a ``data:`` address."""

    where: str
    data: str
