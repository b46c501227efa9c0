"""Roles that are parts: an entry outside of its list."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Elements with an explicit role whose nearest meaningful ancestor is none that it belongs to."""
    told = document.semantics
    owned = {token for node in document.elements for token in (node.attributes.get("aria-owns") or "").split()}
    evidence, count = quote(
        node
        for node in document.elements
        if (needed := aria.CONTEXT.get(told.explicit_role(node)))
        and told.exposed(node)
        and (node.attributes.get("id") or "") not in owned
        and _owner(told, node) not in needed
    )
    if count:
        yield Outcome(key="misplaced", evidence=evidence, count=count)


def _owner(told: Semantics, node: Element) -> str:
    """The role of the nearest ancestor that has one of meaning."""
    current = node.parent
    while current is not None and current.tag not in {"body", "html"}:
        role = told.role(current)
        if role and (role not in {"generic", "none", "presentation"} or told.must_be_told(current)):
            return role
        current = current.parent
    return ""


CHECK = Check(
    id="accessibility_role_context",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("misplaced",),
    page=judge,
    criteria=("1.3.1",),
    act=("ff89c9",),
)
