"""A page's elements as lines for readers who judge meaning: ``e12 <a href="/x"> "its own text"``, one an element.

Wrappers without meaning, scripts, styles, what the page hides, and characters that show nothing are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import orjson

from surveyor.scan.accessible import Node
from surveyor.scan.check.element import Element
from surveyor.scan.check.told import Told
from surveyor.scan.patterns import regex

_DEEPEST = 12
#: Roles of text, which say nothing beside it.
_TEXTS = frozenset({"StaticText", "InlineTextBox"})
_TAG, _ARIA = 40, 10
_SILENT = frozenset(("script", "style", "template", "link", "base", "noscript", "path", "defs", "br", "wbr", "source"))
_PLAIN = frozenset(("div", "span", "head", "tbody", "b", "i", "small", "center", "font", "picture", "g", "meta"))
_KEPT = (
    "id",
    "role",
    "type",
    "name",
    "lang",
    "href",
    "src",
    "alt",
    "title",
    "for",
    "value",
    "placeholder",
    "autocomplete",
    "tabindex",
    "scope",
    "headers",
    "required",
    "disabled",
    "contenteditable",
    "onclick",
    "controls",
    "autoplay",
    "kind",
)
#: Attributes that hold words for people: that one was cut is told.
_WORDS = frozenset({"alt", "title", "placeholder", "value", "aria-label", "aria-description"})
#: How much an element's line matters when not all can be kept: what gives the page its shape, what has a name for
#: assistive technology, ways out, and text.
_SHAPE, _NAMED, _WAY, _TEXT = 3, 2, 1, 0
_OPENS = frozenset(("header", "nav", "main", "footer", "aside", "section", "article", "form", "table", "dialog"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_WEIGHTS = {
    **dict.fromkeys((*_OPENS, *_HEADINGS, "html", "title", "legend", "caption"), _SHAPE),
    **dict.fromkeys(("img", "svg", "area", "input", "select", "textarea", "button", "label", "summary"), _NAMED),
    **dict.fromkeys(("iframe", "video", "audio", "object", "embed", "canvas", "th", "figcaption"), _NAMED),
    "a": _WAY,
}
#: Attributes that make an element one that has a name, whatever it is.
_TELLING = frozenset({"role", "aria-label", "aria-labelledby", "aria-live", "aria-invalid", "lang", "onclick"})
#: What shows nothing and may hide words: controls, marks of direction and width, tags, private and half characters.
_UNSEEN = regex(
    "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_HIDING = regex(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.IGNORECASE)
_DATA = regex(r"(data:[\w/+.-]{0,40}).*", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Level:
    """How much is kept: characters of a text and of an attribute, elements of one name in a row."""

    text: int
    value: int
    run: int


@dataclass(frozen=True, slots=True)
class Line:
    """One element, or a note of ours, which has no ``name``; ``weight`` is how much it matters, ``cut`` that it is cut.

    ``opens``: a part of the page begins here. ``where`` is the selector of what is no element of the markup.
    """

    name: str
    depth: int
    said: str
    weight: int = _SHAPE
    opens: bool = False
    cut: bool = False
    key: int = -1
    where: str = ""

    def __str__(self) -> str:
        return f"{' ' * self.depth}{self.name}{' ' if self.name else ''}{self.said}"

    @property
    def size(self) -> int:
        """Bytes that it takes as an item of a list in JSON that stands between tags of ours."""
        text = str(self)
        return len(orjson.dumps(text)) + 1 + text.count("</") + 5 * text.count("<data")


def note(said: str, depth: int) -> Line:
    """A line of ours, which no page can write: every other begins with an element's name."""
    return Line("", min(depth, _DEEPEST), f"… {said}")


def lines(top: Element, level: Level, told: Told | None = None) -> Iterator[Line]:
    """One line an element that means something, in document order; without recursion, since pages nest deep.

    ``told`` is a browser's word on what is hidden and how things are named; markup's own has to do without it.
    """
    stack: list[tuple[Element | Line, int]] = [(top, 0)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, Line):
            yield node
            continue
        if node.tag in _SILENT or (told.hides(node) if told is not None and told.seen else _hidden(node)):
            continue
        line = _line(node, depth, level, told)
        if line is not None:
            yield line
        below = depth + (line is not None)
        stack.extend((child, below) for child in reversed(_children(node, level, below)))


def evenly(count: int, kept: int) -> list[int]:
    """``kept`` of ``count`` places, the first and the last among them; all where there are no more."""
    if count <= kept:
        return list(range(count))
    return [place * (count - 1) // max(kept - 1, 1) for place in range(kept)]


def _hidden(node: Element) -> bool:
    """Whether neither eyes nor assistive technology meet it, as far as its own markup says."""
    given = node.attributes
    if not given:
        return False
    if (given.get("aria-hidden") or "").strip().lower() == "true" or (
        node.tag == "input" and (given.get("type") or "").strip().lower() == "hidden"
    ):
        return True
    if "hidden" in given:
        return (given["hidden"] or "").strip().lower() != "until-found"
    return "style" in given and _HIDING.search(given["style"] or "") is not None


def _children(node: Element, level: Level, depth: int) -> list[Element | Line]:
    """The elements in a node; of a long row of one name some from all of it, and a line that says how many more."""
    if node.tag == "svg":
        return [child for child in node.elements() if child.tag in {"title", "desc"}]
    kept: list[Element | Line] = []
    for tag, run in groupby(node.elements(), key=attrgetter("tag")):
        row = list(run)
        if tag in _OPENS or tag in _HEADINGS:
            kept += row  # parts of the page: which of them can be shown is decided when all are known
            continue
        kept += [row[place] for place in evenly(len(row), level.run)]
        if len(row) > level.run:
            kept.append(note(f"{len(row) - level.run} more {_one_line(tag)} between these", depth))
    return kept


def within(node: Node, key: int, level: Level) -> Line:
    """The line of what stands in a frame or a shadow tree: a browser's word alone."""
    role = f' role="{_one_line(node.role)[:_TAG]}"' if node.role and node.role not in _TEXTS else ""
    name = _seen(node.name)
    tag = _one_line(node.tag)[:_TAG] or "span"
    weight = _SHAPE if tag in _HEADINGS else _WEIGHTS.get(tag, _TEXT)
    return Line(
        f"e{key}",
        1,
        f'<{tag}{role}> "{_cut(name, level.text)}"',
        weight=weight,
        cut=len(name) > level.text,
        where=node.where,
    )


def _line(node: Element, depth: int, level: Level, told: Told | None) -> Line | None:
    """An element's line, none for a wrapper that says nothing."""
    said, cut = _attributes(node, level)
    if told is not None:
        said += _word("accessible-name", told.names.get(node.key), level)
        said += _word("accessible-description", told.descriptions.get(node.key), level)
    words = _seen(" ".join(child for child in node.children if isinstance(child, str)))
    if node.tag in _PLAIN and not said and not words:
        return None
    text = f' "{_cut(words, level.text)}"' if words else ""
    tag = _cut(_one_line(node.tag), _TAG)
    weight = _WEIGHTS.get(node.tag, _TEXT)
    if weight < _NAMED and node.tag != "a" and not _TELLING.isdisjoint(node.attributes):
        weight = _NAMED
    return Line(
        f"e{node.key}",
        min(depth, _DEEPEST),
        f"<{tag}{said}>{text}",
        weight=weight,
        opens=node.tag in _OPENS or node.tag in _HEADINGS,
        cut=cut or len(words) > level.text,
        key=node.key,
    )


def _attributes(node: Element, level: Level) -> tuple[str, bool]:
    """What an element's attributes say, and whether words of one were cut."""
    given = node.attributes
    if not given:
        return "", False
    said, cut = [], False
    aria = [name for name in given if name.startswith("aria-") and name != "aria-hidden"][:_ARIA]
    for name in (*_KEPT, *aria):
        if name not in given or (node.tag == "meta" and name != "name"):
            continue
        if name == "id" and node.tag in _PLAIN:
            continue  # a wrapper's hook for scripts
        value = _seen(given[name] or "") if name != "onclick" else ""  # a handler's presence matters, its code does not
        if value.startswith("data:"):
            value = _DATA.sub(r"\1…", value)
        cut = cut or (name in _WORDS and len(value) > level.value)
        shown = _one_line(name)[:_TAG]
        said.append(f' {shown}="{_cut(value, level.value)}"' if given[name] and name != "onclick" else f" {shown}")
    return "".join(said), cut


def _word(name: str, value: str | None, level: Level) -> str:
    return f' {name}="{_cut(_seen(value), level.value)}"' if value else ""


def _seen(text: str) -> str:
    """What of a text is to be seen, on one line."""
    if not text.isascii() or not text.isprintable():
        text = _UNSEEN.sub("", text)
    return " ".join(text.split())


def _one_line(name: str) -> str:
    """A name without what ends a line for some readers: HTML lets those stand in names, and a line is an element."""
    return "".join(_seen(name).split())


def _cut(text: str, length: int) -> str:
    """The text's beginning and its end, since either may be what is wrong with it."""
    if len(text) <= length:
        return text
    end = length // 4
    return f"{text[: length - 1 - end]}…{text[len(text) - end :]}"
