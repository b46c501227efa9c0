"""Controls within controls: assistive technology does not see the inner one."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Elements that the keyboard reaches within a role whose children are not told of.

    A summary has no such role (HTML-AAM gives it none), and headings and links in it are told.
    """
    told = document.semantics
    inside: set[int] = set()
    found: list[Element] = []
    for node in document.elements:
        within = node.parent is not None and node.parent.key in inside
        if within and told.tabbable(node):
            found.append(node)
        if within or (told.exposed(node) and _is_leaf(told, node)):
            inside.add(node.key)
    evidence, count = quote(found)
    if count:
        yield Outcome(key="focusable", evidence=evidence, count=count)


def _is_leaf(told: Semantics, node: Element) -> bool:
    return told.role(node) in aria.LEAVES and (node.tag != "summary" or bool(told.explicit_role(node)))


CHECK = Check(
    id="accessibility_nested_control",
    version=2,
    domain=Domain.ACCESSIBILITY,
    outcomes=("focusable",),
    page=judge,
    criteria=("4.1.2",),
    act=("307n5z",),
)
