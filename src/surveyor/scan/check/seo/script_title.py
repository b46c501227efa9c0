"""A title that scripts write: Google takes that of the rendered page ("JavaScript SEO basics"), others the served."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """A title only where scripts ran, or another one there."""
    yield from rendering.changes(document, document.title, shown.title, "title")


CHECK = Check(
    id="seo_script_title",
    version=1,
    domain=Domain.SEO,
    outcomes=("added", "changed"),
    needs=Needs.SHOWN,
    shown=judge,
)
