"""Controls within controls: assistive technology does not see the inner one."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Elements that the keyboard reaches within a role whose children are not told of."""
    told = document.semantics
    inside: set[int] = set()
    found: list[Element] = []
    for node in document.elements:
        within = node.parent is not None and node.parent.key in inside
        if within and told.tabbable(node):
            found.append(node)
        if within or (told.exposed(node) and told.role(node) in aria.LEAVES):
            inside.add(node.key)
    evidence, count = quote(found)
    if count:
        yield Outcome(key="focusable", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_nested_control",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("focusable",),
    page=judge,
    criteria=("4.1.2",),
    act=("307n5z",),
)
