"""Identifiers that labels and descriptions go by: if two elements have one, the wrong may be read."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_NAMES = (
    "for",
    "headers",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "aria-owns",
    "aria-activedescendant",
)


def judge(document: Document) -> Iterable[Outcome]:
    """Identifiers that something refers to and several elements have."""
    wanted = {
        token for node in document.elements for name in _NAMES for token in (node.attributes.get(name) or "").split()
    }
    doubled = (nodes for name, nodes in document.by_id.items() if len(nodes) > 1 and name in wanted)
    evidence, count = quote(node for nodes in doubled for node in nodes[1:])
    if count:
        yield Outcome(key="repeated", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_duplicate_id",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("repeated",),
    page=judge,
    criteria=(
        "1.3.1",
        "4.1.2",
    ),
    act=(),
)
