"""The landmark of the content: by it people go there at once."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """A page with text and no main landmark that assistive technology is told of."""
    told = document.semantics
    if any(told.role(node) == "main" and told.exposed(node) for node in document.elements):
        return
    body = next(document.named("body"), None)
    if body is not None and body.text().strip():
        evidence, _ = quote([body])
        yield Outcome(key="missing", evidence=evidence)


#: Good practice: WCAG 2.1 (2.4.1) asks for any way past repeated blocks, and this is one of them.
CHECK = Check(
    id="accessibility_main_landmark",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    act=("b40fd1",),
)
