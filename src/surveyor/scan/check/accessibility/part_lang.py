"""The language of parts of the page."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import language
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Elements in the body with text of their own whose language is none."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if node.tag != "html"
        and (lang := (node.attributes.get("lang") or "").strip())
        and not language.is_tag(lang)
        and document.inside(node, "body")
        and told.rendered(node)
        and _has_own_words(node)
    )
    if count:
        yield Outcome(key="invalid", evidence=evidence, count=count)


def _has_own_words(node: Element) -> bool:
    """Whether text stands in it that no other language is declared for."""
    stack = [node]
    while stack:
        for child in stack.pop().children:
            if isinstance(child, str):
                if child.strip():
                    return True
            elif "lang" not in child.attributes:
                if (child.attributes.get("alt") or child.attributes.get("aria-label") or "").strip():
                    return True
                stack.append(child)
    return False


CHECK = Check(
    id="accessibility_part_lang",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("invalid",),
    page=judge,
    criteria=("3.1.2",),
    act=("de46e4",),
)
