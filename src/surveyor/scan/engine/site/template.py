"""What pages have in common that one file of a site makes: the frame of their markup, and the form of their addresses.

The frame is the set of paths from ``body`` to elements that structure a page (landmarks, ``div``, forms …) with their
classes, five deep. What stands in the frame (text, lists, tables, code) is content, and no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import urlsplit

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element
from surveyor.scan.values import frozen

_FRAME = frozenset(
    (
        *("article", "aside", "body", "div", "dialog", "fieldset", "footer", "form", "frame", "frameset", "header"),
        *("iframe", "main", "nav", "search", "section"),
    )
)
_DEEPEST, _PATHS, _CLASSES = 5, 500, 4
_ANY = "*"


@frozen
class Template:
    """Pages of one frame: ``id`` is its hash, ``pattern`` what their addresses share, ``pages`` how many there are."""

    id: str
    pattern: str
    pages: int


def frame(document: Document) -> str:
    """The hash of a page's frame, eight hexadecimal digits."""
    body = next(document.named("body", "frameset"), None)
    paths: set[str] = set()
    stack: list[tuple[Element, str, int]] = [(body, "", 0)] if body is not None else []
    while stack and len(paths) < _PATHS:
        node, above, depth = stack.pop()
        path = f"{above}>{_name(node)}"
        if path in paths and depth >= _DEEPEST:
            continue
        paths.add(path)
        if depth < _DEEPEST:
            stack.extend((child, path, depth + 1) for child in node.elements() if child.tag in _FRAME)
    return hashlib.sha256("\n".join(sorted(paths)).encode("utf-8", "replace")).hexdigest()[:8]


def _name(node: Element) -> str:
    """The element with its classes; those with a number in them are of one page."""
    classes = sorted({one for one in (node.attributes.get("class") or "").split() if one.isascii()})
    kept = [one for one in classes if not any(map(str.isdigit, one))][:_CLASSES]
    return ".".join([node.tag, *kept])


def pattern(urls: Iterable[str]) -> str:
    """What addresses share, ``*`` for the folders and names in which they differ: ``/blog/*``."""
    paths = [urlsplit(url).path or "/" for url in urls]
    if len(set(paths)) == 1:
        return paths[0]
    split = [path.split("/") for path in paths]
    size = min(map(len, split))
    same = [
        parts[0] if len(set(parts)) == 1 else _between(parts)
        for parts in zip(*(one[:size] for one in split), strict=True)
    ]
    if len({len(one) for one in split}) > 1 and same[-1] != "**":
        same[-1] = "**"
    return "/".join(same)


def _between(parts: tuple[str, ...]) -> str:
    """The ending that all share, behind a star."""
    endings = {part.rpartition(".")[2] if "." in part else "" for part in parts}
    ending = endings.pop()
    return f"{_ANY}.{ending}" if not endings and ending else _ANY
