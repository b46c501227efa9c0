"""Embedded objects that are not text: what they are."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_TEXT_TYPES = ("text/", "application/xhtml", "application/xml")
_TEXT_ENDINGS = (".html", ".htm", ".txt", ".xhtml")


def judge(document: Document) -> Iterable[Outcome]:
    """Objects with pictures, sound or video, by type or by the ending of their address, without a name."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.named("object")
        if _shows_media(node) and told.exposed(node) and told.role(node) in {"", "img"} and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


def _shows_media(node: Element) -> bool:
    kind = (node.attributes.get("type") or "").lower()
    data = (node.attributes.get("data") or "").lower().partition("?")[0].partition("#")[0]
    return bool(data) and not kind.startswith(_TEXT_TYPES) and not data.endswith(_TEXT_ENDINGS)


CHECK = Check(
    id="accessibility_object_alt",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("1.1.1",),
    act=("8fc3b6",),
)
