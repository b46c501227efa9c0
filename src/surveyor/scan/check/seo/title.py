"""The page's title: what a search result is called."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """No title with text in it, or several; titles inside pictures (SVG) are other things."""
    titles = [node for node in document.named("title") if not document.inside(node, "svg")]
    filled = [node for node in titles if node.text().strip()]
    if not filled:
        yield Outcome(key="missing", evidence=quote(titles)[0] or (quoting.absent("head > title"),))
    elif len(titles) > 1:
        evidence, count = quote(titles)
        yield Outcome(key="several", evidence=evidence, count=count)


CHECK = Check(id="seo_title", version=1, domain=Domain.SEO, outcomes=("missing", "several"), page=judge)
