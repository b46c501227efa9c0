"""The page's title: what a search result is called."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

#: What editors and frameworks write into a title until somebody does.
_UNSET = frozenset(
    (
        "untitled",
        "untitled document",
        "untitled page",
        "document",
        "new page",
        "page title",
        "title",
        "home",
        "homepage",
        "index",
        "react app",
        "vite app",
        "create next app",
        "my site",
        "my website",
        "website",
        "example",
        "test",
        "unbenannt",
        "unbenanntes dokument",
        "startseite",
        "accueil",
        "inicio",
    )
)


def judge(document: Document) -> Iterable[Outcome]:
    """No title with text in it, one that nobody chose, or several; titles inside pictures (SVG) are other things."""
    titles = document.titles
    filled = [node for node in titles if node.text().strip()]
    if not filled:
        yield Outcome(key="missing", evidence=quote(titles)[0] or (quoting.absent("head > title"),))
        return
    if len(titles) > 1:
        evidence, count = quote(titles)
        yield Outcome(key="several", evidence=evidence, count=count)
    if document.title.lower() in _UNSET:
        yield Outcome(key="generic", evidence=quote(filled[:1])[0])


CHECK = Check(
    id="seo_title",
    version=2,
    domain=Domain.SEO,
    outcomes=("missing", "several", "generic"),
    page=judge,
    told_by={"missing": "seo_script_title", "generic": "seo_script_title"},
)
