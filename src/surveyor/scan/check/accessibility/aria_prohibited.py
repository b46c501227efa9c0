"""Names where none are allowed: assistive technology may drop them."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import aria
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_NAMES = ("aria-label", "aria-labelledby", "aria-roledescription", "aria-braillelabel", "aria-brailleroledescription")


def judge(document: Document) -> Iterable[Outcome]:
    """Names on elements whose role must not have one."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if any((node.attributes.get(name) or "").strip() for name in _NAMES)
        and told.exposed(node)
        and told.role(node) in aria.UNNAMEABLE
    )
    if count:
        yield Outcome(key="prohibited", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_aria_prohibited",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("prohibited",),
    page=judge,
    criteria=("4.1.2",),
    act=("kb1m8s",),
)
