"""Links to pages of one's own that crawlers are asked not to follow."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.address import host_of
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import base, is_web, resolve
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Links of the page's own host with ``rel=nofollow``."""
    start = base(document)
    evidence, count = quote(
        node
        for node in document.named("a")
        if "nofollow" in (node.attributes.get("rel") or "").lower().split()
        and (href := (node.attributes.get("href") or "").strip())
        and not href.startswith("#")
        and is_web(url := resolve(start, href))
        and host_of(url or "") == document.page.host
    )
    if count:
        yield Outcome(key="internal", evidence=evidence, count=count)


CHECK = Check(id="seo_nofollow", version=1, domain=Domain.SEO, outcomes=("internal",), page=judge)
