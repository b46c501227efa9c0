"""What links are called: text that says nothing about where they lead, by the language that it is written in."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.generic_words import GENERIC
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import base, resolve, same
from surveyor.scan.model import Domain

_ALL = frozenset().union(*GENERIC.values())
_PUNCTUATION = " \t\n.…:!?»›>→-–"
_LONGEST = 60


def judge(document: Document) -> Iterable[Outcome]:
    """Links whose whole text is generic; those that are not followed, or lead to this page, do not count."""
    start = base(document)
    languages = _languages(document)
    evidence, count = quote(
        node
        for node in document.named("a")
        if _text(node) in _words(languages[node.key]) and _counts(document, node, start)
    )
    if count:
        yield Outcome(key="generic", evidence=evidence, count=count)


def _words(language: str) -> frozenset[str]:
    """Those of a language; of all where none is told."""
    return GENERIC.get(language, frozenset()) if language else _ALL


def _text(node: Element) -> str:
    said = node.attributes.get("aria-label") or node.text(_LONGEST)
    return " ".join(said.split()).lower().strip(_PUNCTUATION)


def _counts(document: Document, node: Element, start: str) -> bool:
    href = (node.attributes.get("href") or "").strip()
    rel = (node.attributes.get("rel") or "").lower().split()
    if not href or "nofollow" in rel or href.lower().startswith(("javascript:", "mailto:", "tel:")):
        return False
    return not same(resolve(start, href), document.page.url)


def _languages(document: Document) -> list[str]:
    """The nearest language that is told, by element; where none is, nothing."""
    found: list[str] = []
    for node in document.elements:  # parents come first
        own = (node.attributes.get("lang") or "").strip().lower().partition("-")[0]
        found.append(own or (found[node.parent.key] if node.parent is not None else ""))
    return found


CHECK = Check(id="seo_link_text", version=1, domain=Domain.SEO, outcomes=("generic",), page=judge)
