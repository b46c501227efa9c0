"""Pictures that are buttons: what they do."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Image buttons without a name."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if node.tag == "input"
        and (node.attributes.get("type") or "").strip().lower() == "image"
        and told.exposed(node)
        and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_input_image",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=(
        "1.1.1",
        "4.1.2",
    ),
    act=("59796f",),
)
