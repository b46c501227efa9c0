"""What is hidden from assistive technology must not take focus: the reader falls silent there."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Elements that the keyboard reaches within ``aria-hidden``."""
    told = document.semantics
    hidden: set[int] = set()
    found: list[Element] = []
    for node in document.elements:
        inside = node.parent is not None and node.parent.key in hidden
        if inside or (node.attributes.get("aria-hidden") or "").strip().lower() == "true":
            hidden.add(node.key)
            if told.tabbable(node):
                found.append(node)
    evidence, count = quote(found)
    if count:
        yield Outcome(key="focusable", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_hidden_focus",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("focusable",),
    page=judge,
    criteria=(
        "1.3.1",
        "4.1.2",
    ),
    act=("6cfa84",),
)
