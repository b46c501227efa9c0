"""Open Graph properties: what a link to the page looks like where it is shared (ogp.me)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_WANTED = ("og:title", "og:description", "og:image", "og:url", "og:type")
_ADDRESSES = ("og:image", "og:url", "og:image:url", "og:image:secure_url", "og:video", "og:audio")
_ONCE = ("og:title", "og:description", "og:url", "og:type")


def judge(document: Document) -> Iterable[Outcome]:
    """None of the wanted properties, or not all; addresses that are not full; one property with several values."""
    found: dict[str, list[Element]] = {}
    for node in document.named("meta"):
        if (node.attributes.get("content") or "").strip():
            name = (node.attributes.get("property") or node.attributes.get("name") or "").strip().lower()
            found.setdefault(name, []).append(node)
    absent = tuple(name for name in _WANTED if name not in found)
    if absent:
        evidence = tuple(quoting.absent(f"meta[property='{name}']") for name in absent)
        key = "missing" if len(absent) == len(_WANTED) else "incomplete"
        yield Outcome(key=key, evidence=evidence, count=len(absent))
    addresses = (node for name in _ADDRESSES for node in found.get(name, ()))
    relative = [node for node in addresses if not _content(node).lower().startswith(("http://", "https://"))]
    if relative:
        evidence, count = quote(relative)
        yield Outcome(key="relative", evidence=evidence, count=count)
    torn = [node for name in _ONCE for node in found.get(name, ()) if len(set(map(_content, found[name]))) > 1]
    if torn:
        evidence, count = quote(torn)
        yield Outcome(key="several", evidence=evidence, count=count)


def _content(node: Element) -> str:
    return (node.attributes.get("content") or "").strip()


CHECK = Check(
    id="seo_open_graph",
    version=2,
    domain=Domain.SEO,
    outcomes=("missing", "incomplete", "relative", "several"),
    page=judge,
    told_by={"missing": "seo_script_preview", "incomplete": "seo_script_preview"},
)
