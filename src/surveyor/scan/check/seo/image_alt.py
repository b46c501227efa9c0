"""Text alternatives: what search engines know of a picture."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Pictures without an ``alt`` attribute; an empty one says that a picture is decoration."""
    evidence, count = quote(node for node in document.named("img") if "alt" not in node.attributes)
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(id="seo_image_alt", version=1, domain=Domain.SEO, outcomes=("missing",), page=judge)
