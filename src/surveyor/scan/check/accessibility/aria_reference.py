"""References between elements: a label or description that is not there is not read."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_NAMES = ("aria-labelledby", "aria-describedby")


def judge(document: Document) -> Iterable[Outcome]:
    """References of which no target exists; a list with at least one that does still works."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if told.exposed(node)
        and any(
            (tokens := (node.attributes.get(name) or "").split())
            and not any(token in document.by_id for token in tokens)
            for name in _NAMES
        )
    )
    if count:
        yield Outcome(key="dangling", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_aria_reference",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("dangling",),
    page=judge,
    criteria=(
        "1.3.1",
        "4.1.2",
    ),
    act=(),
)
