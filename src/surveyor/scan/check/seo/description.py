"""The meta description: the text that search engines show below a title."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain, Evidence

_WHERE = "meta[name=description]"


def judge(document: Document) -> Iterable[Outcome]:
    """No description, or only empty ones; several; or no more than the title says."""
    metas = [
        node for node in document.named("meta") if (node.attributes.get("name") or "").strip().lower() == "description"
    ]
    texts = [" ".join((node.attributes.get("content") or "").split()) for node in metas]
    filled = [text for text in texts if text]
    if not filled:
        seen = Evidence(kind="element", where=_WHERE, value="empty") if texts else quoting.absent(_WHERE)
        yield Outcome(key="missing", evidence=(seen,))
        return
    if len(metas) > 1:
        evidence, count = quote(metas)
        yield Outcome(key="several", evidence=evidence, count=count)
    if filled[0].lower() == document.title.lower():
        yield Outcome(key="title", evidence=quote(metas[:1])[0])


CHECK = Check(
    id="seo_meta_description",
    version=2,
    domain=Domain.SEO,
    outcomes=("missing", "several", "title"),
    page=judge,
    told_by={"missing": "seo_script_description"},
)
