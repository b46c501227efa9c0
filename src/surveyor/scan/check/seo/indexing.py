"""Whether search engines are asked to leave the page out."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence

_NAME = "X-Robots-Tag"
_BLOCKS = frozenset({"noindex", "none"})


def judge(document: Document) -> Iterable[Outcome]:
    """A header or meta element for all robots that says ``noindex``; one for a single robot is that robot's affair."""
    page = document.page
    metas = document.meta("robots") if page.is_html else []
    said = [("meta[name=robots]", text) for text in metas] + [(_NAME, text) for text in page.headers_of(_NAME)]
    evidence = tuple(
        Evidence(kind="header" if where == _NAME else "element", where=where, value=text[:300])
        for where, text in said
        if _BLOCKS & {token.strip().lower() for token in text.split(",")}
    )
    if evidence:
        yield Outcome(key="blocked", evidence=evidence)


CHECK = Check(id="seo_indexing", version=1, domain=Domain.SEO, outcomes=("blocked",), needs=Needs.PAGE, page=judge)
