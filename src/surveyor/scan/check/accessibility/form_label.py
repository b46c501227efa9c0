"""Form fields: what is to be entered."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Fields and other widgets without a name; an input of a type without a role is one too."""
    told = document.semantics
    evidence, count = quote(
        node for node in document.elements if told.exposed(node) and _is_field(told, node) and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


def _is_field(told: Semantics, node: Element) -> bool:
    role = told.role(node)
    return role in aria.FIELDS or (not role and node.tag == "input")


CHECK = Check(
    id="accessibility_form_label",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=(
        "1.3.1",
        "4.1.2",
    ),
    act=("e086e5",),
)
