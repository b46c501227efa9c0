"""A main heading that only scripts write: it is read when the page was rendered ("JavaScript SEO basics")."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """An ``h1`` with text only where scripts ran, or another text there."""
    yield from rendering.changes(document, _first(document), _first(shown), "h1")


def _first(document: Document) -> str:
    return next((text for node in document.named("h1") if (text := " ".join(node.text().split()))), "")


CHECK = Check(
    id="seo_script_heading",
    version=1,
    domain=Domain.SEO,
    outcomes=("added", "changed"),
    needs=Needs.SHOWN,
    shown=judge,
)
