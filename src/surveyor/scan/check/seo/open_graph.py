"""Open Graph properties: what a link to the page looks like where it is shared (ogp.me)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_WANTED = ("og:title", "og:description", "og:image", "og:url", "og:type")


def judge(document: Document) -> Iterable[Outcome]:
    """None of the wanted properties, or not all of them."""
    found = {
        (node.attributes.get("property") or node.attributes.get("name") or "").strip().lower()
        for node in document.named("meta")
        if (node.attributes.get("content") or "").strip()
    }
    absent = tuple(name for name in _WANTED if name not in found)
    if absent:
        evidence = tuple(quoting.absent(f"meta[property='{name}']") for name in absent)
        key = "missing" if len(absent) == len(_WANTED) else "incomplete"
        yield Outcome(key=key, evidence=evidence, count=len(absent))


CHECK = Check(id="seo_open_graph", version=1, domain=Domain.SEO, outcomes=("missing", "incomplete"), page=judge)
