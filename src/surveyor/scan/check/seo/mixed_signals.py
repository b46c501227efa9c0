"""A page that asks not to be listed and, at once, to be listed in another form: crawlers guess which is meant."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import links, same, told
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """``noindex`` beside a canonical link to another page, or beside links to translations."""
    blocked = directives.blocking(document, "*")
    if blocked is None:
        return
    elsewhere = [
        link
        for link in links(document, "canonical")
        if link.place != "body" and link.url and not same(link.url, document.page.url)
    ]
    if elsewhere:
        yield Outcome(key="canonical", evidence=(blocked.evidence, *told(elsewhere)))
    translations = [link for link in links(document, "alternate") if link.attributes.get("hreflang")]
    if translations:
        yield Outcome(key="hreflang", evidence=(blocked.evidence, *told(translations, 5)), count=len(translations) + 1)


CHECK = Check(id="seo_mixed_signals", version=1, domain=Domain.SEO, outcomes=("canonical", "hreflang"), page=judge)
