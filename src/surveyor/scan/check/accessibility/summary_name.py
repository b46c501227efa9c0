"""Summaries of details: what they unfold."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Summaries without a name."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if node.tag == "summary" and told.role(node) == "button" and told.exposed(node) and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_summary_name",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("4.1.2",),
    act=("2t702h",),
)
