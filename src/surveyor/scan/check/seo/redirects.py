"""The way to the page: one permanent redirect at most, and none that only a browser follows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_TEMPORARY = frozenset({302, 303, 307})
_REFRESH = regex(r"\s*[0-9.]{1,10}\s*[;,]\s*(?:url\s*=\s*)?\S", re.IGNORECASE)


def judge(document: Document) -> Iterable[Outcome]:
    """Several redirects in a row, one that says it is only for now, and one by a meta element."""
    page = document.page
    if len(page.hops) > 1:
        yield Outcome(key="chain", evidence=quoting.way(page.route), count=len(page.route))
    if any(step.status in _TEMPORARY for step in page.hops):
        yield Outcome(key="temporary", evidence=quoting.way(page.route), count=len(page.route))
    refreshing = [
        node
        for node in document.named("meta")
        if (node.attributes.get("http-equiv") or "").strip().lower() == "refresh"
        and _REFRESH.match((node.attributes.get("content") or "")[:1000])
    ]
    if refreshing:
        yield Outcome(key="refresh", evidence=quote(refreshing)[0])


CHECK = Check(
    id="seo_redirects",
    version=1,
    domain=Domain.SEO,
    outcomes=("chain", "temporary", "refresh"),
    page=judge,
    served=True,
)
