"""What previews are made of, written by scripts: nobody who makes one runs them (Open Graph, ogp.me; Twitter cards)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """Properties of Open Graph or Twitter that are there, or have their value, only as rendered."""
    served = _said(document)
    added = [node for said, node in _said(shown).items() if said not in served]
    if added:
        evidence, count = quote(added)
        yield Outcome(key="added", evidence=evidence, count=count)


def _said(document: Document) -> dict[tuple[str, str], Element]:
    found = {}
    for node in document.named("meta"):
        name = (node.attributes.get("property") or node.attributes.get("name") or "").strip().lower()
        content = (node.attributes.get("content") or "").strip()
        if content and name.startswith(("og:", "twitter:")):
            found[name, content] = node
    return found


CHECK = Check(
    id="seo_script_preview",
    version=1,
    domain=Domain.SEO,
    outcomes=("added",),
    needs=Needs.SHOWN,
    shown=judge,
)
