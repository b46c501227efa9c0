"""What is hidden from assistive technology must not take focus: the reader falls silent there."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote, selector
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Elements that the keyboard reaches within ``aria-hidden``.

    Not those of which a browser saw that they do not keep focus: sentinels that hand it on, and what takes none.
    """
    told = document.semantics
    moved = frozenset(document.rendered.moved if document.rendered is not None else ())
    hidden: set[int] = set()
    found: list[Element] = []
    for node in document.elements:
        inside = node.parent is not None and node.parent.key in hidden
        if inside or (node.attributes.get("aria-hidden") or "").strip().lower() == "true":
            hidden.add(node.key)
            if told.tabbable(node) and not (moved and selector(node) in moved):
                found.append(node)
    evidence, count = quote(found)
    if count:
        yield Outcome(key="focusable", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_hidden_focus",
    version=2,
    domain=Domain.ACCESSIBILITY,
    outcomes=("focusable",),
    page=judge,
    criteria=(
        "1.3.1",
        "4.1.2",
    ),
    act=("6cfa84",),
)
