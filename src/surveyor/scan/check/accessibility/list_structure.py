"""Lists: how many entries there are and which this is."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.model import Domain

_PARENTS = {"li": frozenset({"ul", "ol", "menu"}), "dt": frozenset({"dl", "div"}), "dd": frozenset({"dl", "div"})}
_CHILDREN = frozenset({"li", "script", "template", "style"})


def judge(document: Document) -> Iterable[Outcome]:
    """Entries outside of a list, and other things between the entries of one."""
    told = document.semantics
    evidence, count = quote(
        node for node in document.elements if told.exposed(node) and (_is_stray(node) or _is_between(told, node))
    )
    if count:
        yield Outcome(key="broken", evidence=evidence, count=count)


def _is_stray(node: Element) -> bool:
    parents = _PARENTS.get(node.tag or "")
    if parents is None or node.parent is None or "role" in node.attributes:
        return False
    return node.parent.tag not in parents and (node.parent.attributes.get("role") or "") != "list"


def _is_between(told: Semantics, node: Element) -> bool:
    parent = node.parent
    if parent is None or parent.tag not in {"ul", "ol"} or told.role(parent) != "list":
        return False
    return node.tag not in _CHILDREN and told.role(node) != "listitem"


CHECK = Check(
    id="accessibility_list_structure",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("broken",),
    page=judge,
    criteria=("1.3.1",),
    act=(),
)
