"""Links to pages of one's own that only scripts make: found after rendering, if ever.

Scripts may add links as long as they are elements with an address ("Make your links crawlable", "JavaScript SEO
basics", Search Central); crawlers that run no scripts do not see them.
"""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.address import host_of
from surveyor.scan.check import rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import base, is_web, plain, resolve
from surveyor.scan.model import Domain

_FEW, _SHARE = 3, 0.5


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """Half or more of the addresses of the page's host that are linked as rendered, and three at least."""
    if not rendering.happens(document):
        return
    served, late = _own(document), _own(shown)
    added = [node for url, node in late.items() if url not in served]
    if len(added) >= max(_FEW, _SHARE * len(late)):
        evidence, count = quote(added)
        yield Outcome(key="most", evidence=evidence, count=count)


def _own(document: Document) -> dict[str, Element]:
    """The first link to each address of the page's host, without the page itself."""
    start, here = base(document), plain(document.page.url)
    found: dict[str, Element] = {}
    for node in document.named("a", "area"):
        href = (node.attributes.get("href") or "").strip()
        url = resolve(start, href) if href and not href.startswith("#") else None
        if url and is_web(url) and host_of(url) == document.page.host and plain(url) != here:
            found.setdefault(plain(url), node)
    return found


CHECK = Check(
    id="seo_script_links",
    version=1,
    domain=Domain.SEO,
    outcomes=("most",),
    needs=Needs.SHOWN,
    shown=judge,
)
