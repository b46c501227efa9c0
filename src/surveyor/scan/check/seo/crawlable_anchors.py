"""Links that crawlers cannot follow: without an address, with a script or a file of one's own disk in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import base, resolve
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_VOID = regex(r"javascript:(void\(?0\)?|;?$)", re.IGNORECASE)


def judge(document: Document) -> Iterable[Outcome]:
    """By what stands in ``href``; an anchor with a role is a control, one with a name or only an id is a target."""
    start = base(document)
    found: dict[str, list[Element]] = {}
    for node in document.named("a"):
        if key := _wrong(node, start):
            found.setdefault(key, []).append(node)
    for key, nodes in found.items():
        evidence, count = quote(nodes)
        yield Outcome(key=key, evidence=evidence, count=count)


def _wrong(node: Element, start: str) -> str | None:
    said = node.attributes
    href = "".join((said.get("href") or "").split())
    if (said.get("role") or "").strip() or href.lower().startswith("mailto:"):
        return None
    if href.lower().startswith("file:"):
        return "file"
    if (said.get("name") or "").strip() or (not href and said.get("id")):
        return None
    if not href:
        return "empty"
    if _VOID.match(href):
        return "script"
    # only what names a scheme or a host can be wrong
    return "invalid" if (":" in href or "//" in href) and not resolve(start, href) else None


CHECK = Check(
    id="seo_crawlable_anchors",
    version=1,
    domain=Domain.SEO,
    outcomes=("empty", "script", "file", "invalid"),
    page=judge,
)
