"""Pictures: what somebody hears who cannot see them (img, and elements with that role)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Pictures without a name that are not declared to be decoration."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if node.tag != "svg" and told.exposed(node) and told.role(node) == "img" and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_image_alt",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("1.1.1",),
    act=("23a2a8",),
)
