"""A page with its parsed tree, as a browser without scripts and style sheets builds it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from surveyor.scan.check import markup
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.evidence import Page
from surveyor.scan.model import Evidence

#: How many elements are quoted for one outcome, and how long each quote and selector may be.
QUOTES = 20
_SNIPPET = 300
_SELECTOR = 300
_STEPS = 6
#: A page of 5 MB has a tenth of it.
_ELEMENTS = 500_000

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_PARAMETER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
#: Latin-1 and ASCII mean Windows-1252 to a browser.
_LATIN = frozenset({"iso8859-1", "ascii", "latin-1"})
_PLAIN_ID = re.compile(r"[A-Za-z_][\w-]{0,80}")


class Document:
    """One page and its tree. Not for several threads at once: the parser keeps state."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The tree; raises ``LimitExceeded`` for markup that was made to take for ever."""
        text = decode(self.page.body, self.page.header("content-type") or "")
        markup.check(text)
        return LexborHTMLParser(text)

    @cached_property
    def elements(self) -> tuple[LexborNode, ...]:
        """Every element in document order, without what stands in templates."""
        root = self.tree.root
        found = tuple(islice(_elements(root), _ELEMENTS + 1)) if root is not None else ()
        if len(found) > _ELEMENTS:
            raise LimitExceeded(f"a page of more than {_ELEMENTS:,} elements")
        return found

    @cached_property
    def semantics(self) -> Semantics:
        """What assistive technology is told of the elements."""
        return Semantics(self)

    @cached_property
    def by_id(self) -> dict[str, list[LexborNode]]:
        """Elements by their id, in document order."""
        found: dict[str, list[LexborNode]] = {}
        for node in self.elements:
            if name := node.attributes.get("id"):
                found.setdefault(name, []).append(node)
        return found

    def named(self, *tags: str) -> Iterator[LexborNode]:
        """Elements with one of these names, in document order."""
        wanted = frozenset(tags)
        return (node for node in self.elements if node.tag in wanted)

    @staticmethod
    def inside(node: LexborNode, *tags: str) -> bool:
        """Whether an ancestor has one of these names."""
        current = node.parent
        while current is not None:
            if current.tag in tags:
                return True
            current = current.parent
        return False

    def meta(self, name: str) -> list[str]:
        """The contents of ``<meta name=…>``, whatever the name's case."""
        return [
            (node.attributes.get("content") or "").strip()
            for node in self.named("meta")
            if (node.attributes.get("name") or "").strip().lower() == name
        ]


def decode(body: bytes, content_type: str) -> str:
    """Text of a page by byte order mark, header, declaration in its first kilobyte, else UTF-8 or Windows-1252."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = _PARAMETER.search(content_type)
    found = _META.search(body[:1024])
    name = declared[1] if declared else found[1].decode("ascii") if found else ""
    if known := _known(name):
        return body.decode(known, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # a page that was cut may end within a character
        cut = error.reason == "unexpected end of data"
        return body.decode("utf-8" if cut else "cp1252", "replace")


def _known(name: str) -> str | None:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in {"idna", "punycode", "unicode_escape", "utf-7"}:
        return None
    if info.name.startswith("utf-16"):
        return "utf-8"  # said in ASCII, so it cannot be true (HTML standard, "get an encoding")
    return "cp1252" if info.name in _LATIN else info.name


def _elements(root: LexborNode) -> Iterator[LexborNode]:
    """Depth first without recursion: nesting is the page's choice."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if node.tag == "template":
            continue
        stack.extend(reversed(list(node.iter(include_text=False))))


def quote(nodes: Iterable[LexborNode]) -> tuple[tuple[Evidence, ...], int]:
    """The first elements as evidence, each with a selector and the beginning of its markup; and how many there are."""
    quoted: list[Evidence] = []
    count = 0
    for node in nodes:
        count += 1
        if len(quoted) < QUOTES:
            quoted.append(Evidence(kind="element", value=snippet(node), where=selector(node)))
    return tuple(quoted), count


def snippet(node: LexborNode) -> str:
    """The element's start tag and a little of what follows, on one line."""
    attributes = "".join(
        f" {name}" if value is None else f' {name}="{value}"' for name, value in node.attributes.items()
    )
    inner = " ".join((node.text(deep=True) or "")[:_SNIPPET].split())
    return f"<{node.tag}{attributes}>{inner}"[:_SNIPPET]


def selector(node: LexborNode) -> str:
    """A path like ``main > ul:nth-of-type(2) > li:nth-of-type(3)``, from the nearest id or ``body``, bounded."""
    steps: list[str] = []
    current: LexborNode | None = node
    while current is not None and current.tag and len(steps) < _STEPS:
        name = current.attributes.get("id")
        if name and _PLAIN_ID.fullmatch(name):
            steps.append(f"{current.tag}#{name}")
            break
        steps.append(_step(current))
        if current.tag in {"body", "head", "html"}:
            break
        current = current.parent
    return " > ".join(reversed(steps))[:_SELECTOR]


def _step(node: LexborNode) -> str:
    if node.tag in {"html", "head", "body"} or node.parent is None:
        return str(node.tag)
    position, sibling = 1, node.prev
    while sibling is not None and position < 1000:
        position += sibling.tag == node.tag
        sibling = sibling.prev
    return f"{node.tag}:nth-of-type({position})"
