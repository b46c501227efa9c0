"""Twitter cards: what a link looks like on X and where its format is read; Open Graph stands in for most of it."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain, Evidence

_CARDS = frozenset({"summary", "summary_large_image", "app", "player"})
#: What a card needs, and what is taken in its place.
_WANTED = (
    ("twitter:title", "og:title"),
    ("twitter:description", "og:description"),
    ("twitter:image", "twitter:image:src", "og:image"),
)


def judge(document: Document) -> Iterable[Outcome]:
    """A kind of card that there is not, or one without a title, a description or a picture; none at all is no fault."""
    said: dict[str, str] = {}
    for node in document.named("meta"):
        name = (node.attributes.get("name") or node.attributes.get("property") or "").strip().lower()
        if content := (node.attributes.get("content") or "").strip():
            said.setdefault(name, content)
    card = said.get("twitter:card")
    where = "meta[name='twitter:card']"
    if card is None:
        return  # Open Graph alone makes a preview there too, and what that lacks is told of it
    if card.lower() not in _CARDS:
        yield Outcome(key="unknown", evidence=(Evidence(kind="element", where=where, value=card[:300]),))
    absent = tuple(quoting.absent(f"meta[name='{names[0]}']") for names in _WANTED if not said.keys() & set(names))
    if absent:
        yield Outcome(key="incomplete", evidence=absent, count=len(absent))


CHECK = Check(
    id="seo_twitter_card",
    version=2,
    domain=Domain.SEO,
    outcomes=("unknown", "incomplete"),
    page=judge,
    told_by={"incomplete": "seo_script_preview"},
)
