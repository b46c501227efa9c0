"""Links to translations that only scripts write, or change: search engines expect them in markup, header or sitemap.

"Tell Google about localized versions of your page" (Search Central) names these three places.
"""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import Link, links, told
from surveyor.scan.model import Domain


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """Pairs of a language and an address that are not in the page as served."""
    if not rendering.happens(document):
        return
    served = {_pair(link) for link in _translations(document)}
    added = [link for link in _translations(shown) if _pair(link) not in served]
    if added:
        yield Outcome(key="changed" if served else "added", evidence=told(added), count=len(added))


def _translations(document: Document) -> list[Link]:
    return [link for link in links(document, "alternate") if link.attributes.get("hreflang") and link.place != "body"]


def _pair(link: Link) -> tuple[str, str | None]:
    return (link.attributes.get("hreflang") or "").strip().lower(), link.url


CHECK = Check(
    id="seo_script_languages",
    version=1,
    domain=Domain.SEO,
    outcomes=("added", "changed"),
    needs=Needs.SHOWN,
    shown=judge,
)
