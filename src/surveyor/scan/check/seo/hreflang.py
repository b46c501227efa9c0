"""Links to the same page in other languages (``rel=alternate hreflang``), in the head or the Link header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveyor.scan.check import language
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import Link, links, same, told
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

#: What people write for a country and is none (ISO 3166-1): Britain is gb.
_NO_REGION = regex(r"-(uk|eu|en|latam|emea|apac)$")


def judge(document: Document) -> Iterable[Outcome]:
    """Codes that are no language, addresses that are not full, one code twice, a set without this page or a default."""
    found = [link for link in links(document, "alternate") if link.attributes.get("hreflang") is not None]
    for key, wrong in _wrong([link for link in found if link.place != "body"]):
        if wrong:
            yield Outcome(key=key, evidence=told(wrong), count=len(wrong))
    outside = [link for link in found if link.place == "body"]
    if outside:
        yield Outcome(key="misplaced", evidence=told(outside), count=len(outside))
    counted = [link for link in found if link.place != "body"]
    if counted and not any(same(link.url, document.page.url) for link in counted):
        yield Outcome(key="no_self", evidence=told(counted, 5), count=len(counted))
    if len(counted) > 1 and not any(code(link) == "x-default" for link in counted):
        yield Outcome(key="no_default", evidence=told(counted, 5), count=len(counted))


def _wrong(found: list[Link]) -> Iterator[tuple[str, list[Link]]]:
    yield "code", [link for link in found if code(link) != "x-default" and not language.is_tag(code(link))]
    yield "region", [link for link in found if _NO_REGION.search(code(link))]
    yield "relative", [link for link in found if not link.href.lower().startswith(("http://", "https://"))]
    first: dict[str, Link] = {}
    twice = []
    for link in found:
        other = first.setdefault(code(link), link)
        if not same(other.url, link.url):
            twice += [other, link]
    yield "repeated", twice


def code(link: Link) -> str:
    """The code in lower case."""
    return (link.attributes.get("hreflang") or "").strip().lower()


CHECK = Check(
    id="seo_hreflang",
    version=1,
    domain=Domain.SEO,
    outcomes=("code", "region", "relative", "repeated", "misplaced", "no_self", "no_default"),
    page=judge,
)
