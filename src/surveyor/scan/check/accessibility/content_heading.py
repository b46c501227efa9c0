"""Headings of the content: by them people find where it begins."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

#: Where headings are of what each page of a site repeats, and where of the content.
_ASIDE, _AROUND, _OWN = ("nav", "aside"), ("header", "footer"), ("main", "article", "section")
_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search"})


def judge(document: Document) -> Iterable[Outcome]:
    """A page with text that has no heading outside of its navigation, header, footer and asides."""
    told = document.semantics
    headings = (node for node in document.elements if told.role(node) == "heading" and told.exposed(node))
    if any(told.name(node) and not _is_repeated(document, node) for node in headings):
        return
    body = next(document.named("body"), None)
    if body is not None and body.text().strip():
        evidence, _ = quote([body])
        yield Outcome(key="missing", evidence=evidence)


def _is_repeated(document: Document, node: Element) -> bool:
    """Whether it stands in a block of the site: a header within an article or the content is that one's own."""
    current, around = node.parent, False
    while current is not None:
        role = document.semantics.explicit_role(current)
        if current.tag in _OWN or role in {"main", "article", "region"}:
            return False
        if current.tag in _ASIDE or role in _ROLES:
            return True
        around = around or current.tag in _AROUND
        current = current.parent
    return around


#: Good practice: WCAG 2.1 (2.4.1) asks for any way past repeated blocks, and this is one of them.
CHECK = Check(
    id="accessibility_content_heading",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    act=("047fe0",),
)
