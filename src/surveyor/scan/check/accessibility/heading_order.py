"""The order of headings: an outline without gaps."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import heading_level
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Headings more than one level below the heading before them."""
    told = document.semantics
    levels = [
        (heading_level(node), node) for node in document.elements if told.role(node) == "heading" and told.exposed(node)
    ]
    skipping = [node for (before, _), (level, node) in pairwise(levels) if level > before + 1]
    evidence, count = quote(skipping)
    if count:
        yield Outcome(key="skipped", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_heading_order",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("skipped",),
    page=judge,
    criteria=("1.3.1",),
    act=(),
)
