"""Headings: an empty one is announced as nothing."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Headings without text."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if told.role(node) == "heading" and told.exposed(node) and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_heading_name",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=(
        "1.3.1",
        "2.4.6",
    ),
    act=("ffd0e9",),
)
