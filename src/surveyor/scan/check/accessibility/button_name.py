"""Buttons: what they do."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Buttons without a name; image buttons and summaries have their own rules."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if told.role(node) == "button"
        and node.tag != "summary"
        and (node.attributes.get("type") or "").lower() != "image"
        and told.exposed(node)
        and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_button_name",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("4.1.2",),
    act=("97a4e1",),
)
