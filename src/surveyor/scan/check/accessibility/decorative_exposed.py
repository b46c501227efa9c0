"""Decoration that is told all the same: what marks it is overruled by something else."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Elements marked as decoration that take focus or carry a name or state, which is the stronger word."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if ("role" in node.attributes or node.tag == "img")
        and (told.explicit_role(node) in {"none", "presentation"} or (node.tag == "img" and _empty(node)))
        and told.exposed(node)
        and told.must_be_told(node)
    )
    if count:
        yield Outcome(key="exposed", evidence=evidence, count=count)


def _empty(node: Element) -> bool:
    return "alt" in node.attributes and not node.attributes["alt"]


CHECK = Check(
    id="accessibility_decorative_exposed",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("exposed",),
    page=judge,
    criteria=(
        "1.1.1",
        "4.1.2",
    ),
    act=("46ca7f",),
)
