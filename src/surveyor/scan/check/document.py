"""A page with its parsed tree, as a browser without scripts and style sheets builds it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser

from surveyor.scan.check import markup
from surveyor.scan.check.element import Element, read
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.patterns import regex

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: How markup and a Content-Type name an encoding.
META_CHARSET = regex(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
CHARSET = regex(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
#: Latin-1 and ASCII mean Windows-1252 to a browser.
_LATIN = frozenset({"iso8859-1", "ascii", "latin-1"})


class Document:
    """One page and its tree, as ``rendered`` where a browser built it. What is asked is kept, so it is one thread's."""

    def __init__(self, page: Page, rendered: Rendered | None = None) -> None:
        self.page = page if rendered is None else rendered.of(page)
        self.rendered = rendered

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """Every element in document order; raises ``LimitExceeded`` for markup that was made to take for ever."""
        text = decode(self.page.body, self.page.header("content-type") or "")
        markup.check(text)
        root = LexborHTMLParser(text).root
        return read(root, marked=self.rendered is not None) if root is not None else ()

    @cached_property
    def semantics(self) -> Semantics:
        """What assistive technology is told of the elements."""
        return Semantics(self)

    @cached_property
    def titles(self) -> tuple[Element, ...]:
        """The title elements that are the page's; those inside pictures (SVG) are other things."""
        return tuple(node for node in self.named("title") if not self.inside(node, "svg"))

    @cached_property
    def title(self) -> str:
        """The first title with text in it, on one line."""
        return next((text for node in self.titles if (text := " ".join(node.text().split()))), "")

    @cached_property
    def description(self) -> str:
        """The first meta description with text in it, on one line."""
        return next((" ".join(text.split()) for text in self.meta("description") if text), "")

    @cached_property
    def policies(self) -> tuple[str, ...]:
        """The contents of meta elements that set a Content-Security-Policy; none in what is no HTML."""
        if not self.page.is_html:
            return ()
        equivalents = (node for node in self.named("meta") if node.attributes.get("http-equiv"))
        return tuple(
            node.attributes.get("content") or ""
            for node in equivalents
            if (node.attributes["http-equiv"] or "").strip().lower() == "content-security-policy"
        )

    @cached_property
    def referrers(self) -> tuple[str, ...]:
        """The contents of meta elements that set a referrer policy; none in what is no HTML."""
        return tuple(self.meta("referrer")) if self.page.is_html else ()

    @cached_property
    def by_id(self) -> dict[str, list[Element]]:
        """Elements by their id, in document order."""
        found: dict[str, list[Element]] = {}
        for node in self.elements:
            if name := node.attributes.get("id"):
                found.setdefault(name, []).append(node)
        return found

    def named(self, *tags: str) -> Iterator[Element]:
        """Elements with one of these names, in document order."""
        wanted = frozenset(tags)
        return (node for node in self.elements if node.tag in wanted)

    @staticmethod
    def inside(node: Element, *tags: str) -> bool:
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
    declared = CHARSET.search(content_type)
    found = META_CHARSET.search(body[:1024])
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
