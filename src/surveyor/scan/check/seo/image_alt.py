"""Text alternatives: what search engines know of a picture."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Pictures without ``alt`` or another name; an empty one, or a role that says so, makes a picture decoration."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.named("img")
        if "alt" not in node.attributes
        and told.explicit_role(node) not in {"none", "presentation"}
        and told.exposed(node)
        and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


CHECK = Check(id="seo_image_alt", version=2, domain=Domain.SEO, outcomes=("missing",), page=judge)
