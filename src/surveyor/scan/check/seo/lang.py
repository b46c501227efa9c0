"""The page's language: told, a language, and the same wherever it is told."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import language
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import links, same
from surveyor.scan.model import Domain, Evidence


def judge(document: Document) -> Iterable[Outcome]:
    """Not told on the root element, no language, or another than the page's own hreflang or Content-Language."""
    root = next(document.named("html"), None)
    if root is None:
        return
    evidence = quote([root])[0]
    lang = (root.attributes.get("lang") or "").strip().lower()
    if not lang:
        yield Outcome(key="missing", evidence=evidence)
    elif not language.is_tag(lang):
        yield Outcome(key="invalid", evidence=evidence)
    else:
        others = [said for said in _told(document) if said.value.partition("-")[0] != lang.partition("-")[0]]
        if others:
            yield Outcome(key="conflict", evidence=(*evidence, *others[:5]))


def _told(document: Document) -> Iterable[Evidence]:
    sent = document.page.headers_of("content-language")
    # several languages there are those of its readers, not of its text
    if len(sent) == 1 and "," not in sent[0] and sent[0]:
        yield Evidence(kind="header", where="Content-Language", value=sent[0].lower()[:300])
    for link in links(document, "alternate"):
        code = (link.attributes.get("hreflang") or "").strip().lower()
        if code and code != "x-default" and same(link.url, document.page.url):
            yield Evidence(kind="element", where=link.evidence.where, value=code[:300])


CHECK = Check(id="seo_lang", version=1, domain=Domain.SEO, outcomes=("missing", "invalid", "conflict"), page=judge)
