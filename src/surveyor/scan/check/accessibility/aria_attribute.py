"""States and properties: one that does not exist tells nothing."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Attributes that begin with ``aria-`` and are none of WAI-ARIA's."""
    evidence, count = quote(
        node
        for node in document.elements
        if any(name.startswith("aria-") and name not in aria.VALUES for name in node.attributes)
    )
    if count:
        yield Outcome(key="unknown", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_aria_attribute",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("unknown",),
    page=judge,
    criteria=("4.1.2",),
    act=("5f99a7",),
)
