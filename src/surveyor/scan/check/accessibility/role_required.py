"""Roles with a state: a checkbox that does not say whether it is checked."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.model import Domain

#: Elements that bring the state of a role along, by the role that they have of themselves.
_NATIVE = {
    "checkbox": frozenset({"checkbox", "switch", "menuitemcheckbox", "radio", "menuitemradio"}),
    "radio": frozenset({"radio", "menuitemradio"}),
    "heading": frozenset({"heading"}),
    "slider": frozenset({"slider"}),
    "meter": frozenset({"meter"}),
    "combobox": frozenset({"combobox"}),
}


def judge(document: Document) -> Iterable[Outcome]:
    """Elements with an explicit role and without a state that it needs."""
    told = document.semantics
    evidence, count = quote(node for node in document.elements if told.exposed(node) and _lacks(told, node))
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


def _lacks(told: Semantics, node: Element) -> bool:
    role, attributes = told.explicit_role(node), node.attributes
    if not role:
        return False
    needed = aria.REQUIRED.get(role, frozenset())
    if role in _NATIVE.get(told.implicit_role(node), frozenset()):
        return False
    if role == "separator" and told.focusable(node):
        needed = frozenset({"aria-valuenow"})
    if role == "combobox" and attributes.get("aria-expanded") == "false":
        return False
    return any(not (attributes.get(name) or "").strip() for name in needed)


CHECK = Check(
    id="accessibility_role_required",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("4.1.2",),
    act=("4e8ab6",),
)
