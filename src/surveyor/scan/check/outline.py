"""A page as an outline: the elements that mean something, one a line, within a bound and from all parts of the page.

For readers who judge meaning, such as a language model. A line is ``e12 <a href="/x"> "its own text"``, indented by
depth; wrappers without meaning are left out. A page that is too long loses long texts first, then repetitions, and at
last lines evenly over its whole length: never simply its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, positions, selector
from surveyor.scan.outline import Outline

BYTES = 40_000
#: All selectors of one outline; a page whose paths are longer has lines without one.
SELECTOR_BYTES = 256 << 10
_NAMED = re.compile(r"\s*e(\d+) ")
_DEEPEST = 12

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
    "hidden",
    "contenteditable",
    "onclick",
    "controls",
    "autoplay",
    "kind",
)


@dataclass(frozen=True, slots=True)
class _Level:
    """How much is kept: characters of a text, of an attribute, elements of one name in a row."""

    text: int
    value: int
    run: int


_LEVELS = (_Level(500, 200, 1_000_000), _Level(160, 100, 50), _Level(80, 60, 15), _Level(40, 40, 6), _Level(24, 24, 3))


def outline(document: Document, limit: int = BYTES) -> str:
    """The page's outline, at most ``limit`` bytes of UTF-8; raises ``LimitExceeded`` as reading its elements does."""
    if not document.elements:
        return ""
    top = document.elements[0]
    for level in _LEVELS:
        lines = _within(_lines(top, level), limit)
        if lines is not None:
            return "\n".join(lines)
    return "\n".join(_thinned(list(_lines(top, _LEVELS[-1])), limit))


def outlined(document: Document) -> Outline:
    """The page's outline with a selector for each of its lines, as rules quote them; raises as ``outline`` does."""
    text, room = outline(document), SELECTOR_BYTES
    elements, selectors = document.elements, {}
    places = positions(elements)
    for line in text.splitlines():
        if (named := _NAMED.match(line)) is None:
            continue
        path = selector(elements[int(named[1])], places)
        room -= len(path.encode(errors="replace"))
        if room < 0:
            break
        selectors[f"e{named[1]}"] = path
    return Outline(text=text, selectors=selectors)


def _within(lines: Iterator[str], limit: int) -> list[str] | None:
    """The lines if all of them fit; stops reading at the first that does not."""
    kept, size = [], 0
    for line in lines:
        size += len(line.encode(errors="replace")) + 1
        if size > limit:
            return None
        kept.append(line)
    return kept


def _thinned(lines: list[str], limit: int) -> list[str]:
    """Lines evenly from beginning to end, as many as fit, and one that says how many are missing."""
    room = limit - 100
    total = sum(len(line.encode(errors="replace")) + 1 for line in lines)
    kept, taken, passed = [], 0, 0
    for line in lines:
        size = len(line.encode(errors="replace")) + 1
        passed += size
        # what was taken keeps the same share of what was passed
        if taken + size <= room * passed // max(total, 1):
            kept.append(line)
            taken += size
    return [*kept, f"… {len(lines) - len(kept)} more lines between these"]


def _lines(top: Element, level: _Level) -> Iterator[str]:
    """One line an element that means something, in document order; without recursion, since pages nest deep."""
    stack: list[tuple[Element | str, int]] = [(top, 0)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, str):
            yield node
            continue
        if node.tag in _SILENT:
            continue
        line = _line(node, level)
        if line:
            yield " " * min(depth, _DEEPEST) + line
        below = depth + 1 if line else depth
        stack.extend((child, below) for child in reversed(_children(node, level, below)))


def _children(node: Element, level: _Level, depth: int) -> list[Element | str]:
    """The elements in a node; of a long row of one name the first, and a line that says how many follow."""
    if node.tag == "svg":
        return [child for child in node.elements() if child.tag in {"title", "desc"}]
    kept: list[Element | str] = []
    name, run, cut = "", 0, 0
    for child in node.elements():
        run = run + 1 if child.tag == name else 1
        if child.tag != name and cut:
            kept.append(f"{' ' * min(depth, _DEEPEST)}… {cut} more {_one_line(name)}")
            cut = 0
        name = child.tag
        if run > level.run:
            cut += 1
        else:
            kept.append(child)
    if cut:
        kept.append(f"{' ' * min(depth, _DEEPEST)}… {cut} more {_one_line(name)}")
    return kept


def _line(node: Element, level: _Level) -> str:
    """An element's line, empty for a wrapper that says nothing."""
    attributes = "".join(_attributes(node, level))
    words = " ".join(" ".join(child for child in node.children if isinstance(child, str)).split())
    if node.tag in _PLAIN and not attributes and not words:
        return ""
    text = f' "{_cut(words, level.text)}"' if words else ""
    return f"e{node.key} <{_cut(_one_line(node.tag), 40)}{attributes}>{text}"


def _attributes(node: Element, level: _Level) -> Iterator[str]:
    given = node.attributes
    aria = [name for name in given if name.startswith("aria-")][:10] if given else []
    for name in (*_KEPT, *aria):
        if name not in given or (node.tag == "meta" and name != "name"):
            continue
        if name == "id" and node.tag in _PLAIN:
            continue  # a wrapper's hook for scripts
        value = given[name]
        # a handler's presence matters, its code does not
        plain = value is None or not value or name == "onclick"
        said = _one_line(name)[:40]
        yield f" {said}" if plain else f' {said}="{_cut(" ".join(str(value).split()), level.value)}"'


def _one_line(name: str) -> str:
    """A name without what ends a line for some readers: HTML lets those stand in names, and a line is an element."""
    return "".join(name.split())


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
