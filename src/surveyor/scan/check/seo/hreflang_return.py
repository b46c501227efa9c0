"""Translations link back: a set of pages in several languages counts only where each names the others."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links as linked
from surveyor.scan.check.linking import same
from surveyor.scan.evidence import Links, Page
from surveyor.scan.model import Domain, Evidence


def judge(document: Document, links: Links) -> Iterable[Outcome]:
    """Translations that are an error, a redirect, or do not name this page among theirs."""
    own = [document.page.url, *(one.url for one in linked(document, "canonical") if one.url and one.place != "body")]
    found: dict[str, list[Evidence]] = {}
    for reference, answer in links.told("alternate"):
        if key := _state(answer, own):
            value = f"{answer.status}: {reference.url[:300]} in {reference.value}"
            found.setdefault(key, []).append(Evidence(kind="link", where=reference.where, value=value[:700]))
    yield from quoting.outcomes(found)


def _state(answer: Page, own: list[str]) -> str | None:
    if answer.status >= 400:
        return "error"
    if answer.hops:
        return "redirect"
    # of a long page only the beginning was read; links to translations stand in its head
    if not answer.is_html or (answer.cut and b"</head" not in answer.body.lower()):
        return None
    back = [one.url for one in linked(Document(answer), "alternate") if one.attributes.get("hreflang")]
    return None if any(same(url, mine) for url in back for mine in own) else "missing"


CHECK = Check(
    id="seo_hreflang_return",
    version=1,
    domain=Domain.SEO,
    outcomes=("error", "redirect", "missing"),
    needs=Needs.LINKS,
    links=judge,
    parts=("alternate",),
)
