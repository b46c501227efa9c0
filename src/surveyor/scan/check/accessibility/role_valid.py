"""Roles: one that does not exist tells nothing."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Role attributes with no token that is a role."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if (node.attributes.get("role") or "").split() and not told.explicit_role(node) and told.exposed(node)
    )
    if count:
        yield Outcome(key="unknown", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_role_valid",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("unknown",),
    page=judge,
    criteria=(
        "1.3.1",
        "4.1.2",
    ),
    act=("674b10",),
)
