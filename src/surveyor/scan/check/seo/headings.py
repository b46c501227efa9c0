"""Headings: one ``h1`` says what a page is about, and the others its parts."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_NAMES = ("h1", "h2", "h3", "h4", "h5", "h6")


def judge(document: Document) -> Iterable[Outcome]:
    """No ``h1``, several, or headings without words; gaps between levels are for readers and judged there."""
    headings = list(document.named("h1"))
    if not headings:
        yield Outcome(key="missing", evidence=(quoting.absent("h1"),))
    elif len(headings) > 1:
        evidence, count = quote(headings)
        yield Outcome(key="several", evidence=evidence, count=count)
    speaking = _speaking(document)
    evidence, count = quote(node for node in document.named(*_NAMES) if node.key not in speaking)
    if count:
        yield Outcome(key="empty", evidence=evidence, count=count)


def _speaking(document: Document) -> set[int]:
    """Keys of the elements in which there is a word or a picture with one, from the leaves up: pages nest deep."""
    found: set[int] = set()
    for node in reversed(document.elements):
        if node.key in found or _says(node):
            found.add(node.key)
            if node.parent is not None:
                found.add(node.parent.key)
    return found


def _says(node: Element) -> bool:
    if node.tag == "svg" or node.attributes.get("aria-label") or (node.attributes.get("alt") or "").strip():
        return True
    return any(isinstance(child, str) and child.strip() for child in node.children)


CHECK = Check(
    id="seo_headings",
    version=2,
    domain=Domain.SEO,
    outcomes=("missing", "several", "empty"),
    page=judge,
    told_by={"missing": "seo_script_heading"},
)
