"""States and properties: a value that does not exist tells nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Attributes of WAI-ARIA with a value that is not of their type; an empty one counts as absent."""
    evidence, count = quote(
        node
        for node in document.elements
        if any(value and value.strip() and not _fits(document, name, value) for name, value in node.attributes.items())
    )
    if count:
        yield Outcome(key="invalid", evidence=evidence, count=count)


def _fits(document: Document, name: str, value: str) -> bool:
    allowed = aria.VALUES.get(name)
    if isinstance(allowed, frozenset):
        return value.strip().lower() in allowed
    if allowed == "integer":
        return re.fullmatch(r"\s*[+-]?\d+\s*", value) is not None
    if allowed == "number":
        return re.fullmatch(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*", value, re.IGNORECASE) is not None
    if allowed == "id":
        return value.strip() in document.by_id
    return True


CHECK = Check(
    id="accessibility_aria_value",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("invalid",),
    page=judge,
    criteria=("4.1.2",),
    act=("6a7281",),
)
