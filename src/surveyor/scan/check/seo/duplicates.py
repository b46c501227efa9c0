"""Pages of the same site that results cannot tell apart: among those that one scan read."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links as linked
from surveyor.scan.check.linking import same
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain, Evidence

_QUOTED = 20


def judge(document: Document, links: Links) -> Iterable[Outcome]:
    """Other pages with this one's title, or with its description; copies that say whose they are do not count."""
    title, description = _said(document)
    found: dict[str, list[Evidence]] = {}
    for answer in links.answers.values():
        fit = answer.status == 200 and answer.is_html and answer.host == document.page.host
        if not fit or same(answer.url, document.page.url):
            continue
        other = Document(answer)
        if any(one.url and not same(one.url, answer.url) for one in linked(other, "canonical")):
            continue
        for key, mine, theirs in zip(("title", "description"), (title, description), _said(other), strict=True):
            if mine and mine == theirs:
                told = Evidence(kind="page", where=answer.url[:1000], value=mine[:300])
                found.setdefault(key, []).append(told)
    for key, evidence in found.items():
        yield Outcome(key=key, evidence=tuple(evidence[:_QUOTED]), count=len(evidence))


def _said(document: Document) -> tuple[str, str]:
    titles = (node for node in document.named("title") if not document.inside(node, "svg"))
    title = next((text for node in titles if (text := " ".join(node.text().split()))), "")
    return title, next((" ".join(text.split()) for text in document.meta("description") if text), "")


CHECK = Check(
    id="seo_duplicates",
    version=1,
    domain=Domain.SEO,
    outcomes=("title", "description"),
    needs=Needs.LINKS,
    links=judge,
    parts=("anchor",),
)
