"""Pages of the same site that results cannot tell apart: among those that one scan read."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links as linked
from surveyor.scan.check.linking import plain, same
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain, Evidence


def judge(document: Document, links: Links) -> Iterable[Outcome]:
    """Other pages with this one's title, or with its description; copies that say whose they are do not count."""
    found: dict[str, list[Evidence]] = {}
    # several addresses may lead to one page
    for answer in {plain(answer.url): answer for answer in links.answers.values()}.values():
        fit = answer.status == 200 and answer.is_html and answer.host == document.page.host
        if not fit or same(answer.url, document.page.url):
            continue
        other = Document(answer)
        if any(one.url and not same(one.url, answer.url) for one in linked(other, "canonical")):
            continue
        for key in ("title", "description"):
            mine = getattr(document, key)
            if mine and mine == getattr(other, key):
                told = Evidence(kind="page", where=answer.url[:1000], value=mine[:300])
                found.setdefault(key, []).append(told)
    yield from quoting.outcomes(found)


CHECK = Check(
    id="seo_duplicates",
    version=1,
    domain=Domain.SEO,
    outcomes=("title", "description"),
    needs=Needs.LINKS,
    links=judge,
    parts=("anchor",),
)
