"""Regions of an image map: where they lead."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Regions with an address and no name."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if node.tag == "area" and "href" in node.attributes and told.exposed(node) and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_area_alt",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=(
        "1.1.1",
        "2.4.4",
    ),
    act=("c487ae",),
)
