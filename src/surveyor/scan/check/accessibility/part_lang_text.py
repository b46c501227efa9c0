"""The declared language of a part, against the one that its text is in."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import language, tongue
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

#: Parts that are looked at.
_MOST = 200


def judge(document: Document) -> Iterable[Outcome]:
    """Parts whose text is surely in another language than is declared for them."""
    told = document.semantics
    parts = [
        node
        for node in document.elements
        if "lang" in node.attributes and node.tag != "html" and document.inside(node, "body") and told.exposed(node)
    ]
    evidence, count = quote(node for node in parts[:_MOST] if _differs(document, node))
    if count:
        yield Outcome(key="different", evidence=evidence, count=count)


def _differs(document: Document, node: Element) -> bool:
    tag = (node.attributes.get("lang") or "").strip()
    return language.is_tag(tag) and tongue.other(tongue.words(document, node), tag) is not None


CHECK = Check(
    id="accessibility_part_lang_text",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("different",),
    page=judge,
    criteria=("3.1.2",),
    act=("off6ek",),
)
