"""Pages of a series: each is its own page, and says which is before and after it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import is_web, links, same, told
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_NUMBER = regex(r"(?:[?&](?:page|p|paged|pg|seite|pagina)=|/(?:page|seite|pagina)[/-])0*([1-9][0-9]{0,6})(?![0-9])")


def judge(document: Document) -> Iterable[Outcome]:
    """A canonical link from a later page to the beginning; itself, or no address, as a neighbour."""
    page = document.page
    neighbours = [link for link in links(document, "next", "prev") if link.place != "body"]
    number = _number(page.url)
    first = [
        link
        for link in links(document, "canonical")
        if number > 1 and link.place != "body" and link.url and _is_beginning(page.url, link.url)
    ]
    if first:
        yield Outcome(key="first", evidence=told(first))
    wrong = [link for link in neighbours if not is_web(link.url) or same(link.url, page.url)]
    if wrong:
        yield Outcome(key="neighbour", evidence=told(wrong), count=len(wrong))


def _number(url: str) -> int:
    found = _NUMBER.search(url[:2000])
    return int(found[1]) if found else 0


def _is_beginning(url: str, other: str) -> bool:
    """Whether another address is this one without its number, or with the first."""
    split, start = urlsplit(_NUMBER.sub("", url)), urlsplit(_NUMBER.sub("", other))
    return _number(other) <= 1 and (split.netloc, split.path.rstrip("/")) == (start.netloc, start.path.rstrip("/"))


CHECK = Check(id="seo_pagination", version=1, domain=Domain.SEO, outcomes=("first", "neighbour"), page=judge)
