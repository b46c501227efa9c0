"""The language of the page: in which voice it is read."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import language
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """A root element without a language, or with something that is none."""
    root = next(document.named("html"), None)
    if root is None:
        return
    lang = (root.attributes.get("lang") or "").strip()
    if not lang:
        yield Outcome(key="missing", evidence=quote([root])[0])
    elif not language.is_tag(lang):
        yield Outcome(key="invalid", evidence=quote([root])[0])


CHECK = Check(
    id="accessibility_page_lang",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=(
        "missing",
        "invalid",
    ),
    page=judge,
    criteria=("3.1.1",),
    act=(
        "b5c3f8",
        "bf051a",
    ),
)
