"""A meta description that scripts write: Google takes that of the rendered page ("JavaScript SEO basics")."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """A description only where scripts ran, or another one there."""
    yield from rendering.changes(document, document.description, shown.description, "meta[name=description]")


CHECK = Check(
    id="seo_script_description",
    version=1,
    domain=Domain.SEO,
    outcomes=("added", "changed"),
    needs=Needs.SHOWN,
    shown=judge,
)
