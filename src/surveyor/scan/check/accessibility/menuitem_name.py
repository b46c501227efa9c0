"""Entries of menus: what they do."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Menu items without a name."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if told.role(node) in {"menuitem", "menuitemcheckbox", "menuitemradio"}
        and told.exposed(node)
        and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_menuitem_name",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("4.1.2",),
    act=("m6b1q3",),
)
