"""A link past what each page repeats: who uses a keyboard begins with the content."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

#: How many of the first links may be one.
_FIRST = 5
_REPEATED = frozenset({"navigation", "banner", "complementary"})


def judge(document: Document) -> Iterable[Outcome]:
    """A page that begins with a block which others repeat, and none of whose first links leads within it."""
    told = document.semantics
    links = [node for node in document.elements if told.role(node) == "link" and told.tabbable(node)][:_FIRST]
    if any(_leads_within(document, node) for node in links):
        return
    block = next((node for node in document.elements if _is_repeated(document, node)), None)
    if block is not None and any(node.key < _last(block) for node in links):
        evidence, _ = quote([block])
        yield Outcome(key="missing", evidence=evidence)


def _leads_within(document: Document, node: Element) -> bool:
    href = node.attributes.get("href") or ""
    return href.startswith("#") and bool(document.by_id.get(href[1:])) and document.semantics.exposed(node)


def _is_repeated(document: Document, node: Element) -> bool:
    told = document.semantics
    role = told.explicit_role(node) or {"nav": "navigation", "header": "banner", "aside": "complementary"}.get(node.tag)
    return role in _REPEATED and told.exposed(node) and not document.inside(node, "main", "article")


def _last(block: Element) -> int:
    return max((node.key for node in block.below("a")), default=block.key) + 1


#: Good practice: WCAG 2.1 (2.4.1) asks for any way past repeated blocks, and this is one of them.
CHECK = Check(
    id="accessibility_skip_link",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    act=("ye5d6e",),
)
