"""Refreshing by itself: the page goes away while somebody reads it."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_DELAY = regex(r"\s*(\d{1,9})(?:\.[\d.]*)?(?=[\s;,]|$)")
#: Twenty hours, which the criterion exempts.
_LONG = 72_000


def judge(document: Document) -> Iterable[Outcome]:
    """A refresh after more than no time and at most twenty hours; only the first one counts."""
    metas = [
        node
        for node in document.named("meta")
        if (node.attributes.get("http-equiv") or "").strip().lower() == "refresh"
    ]
    delays = ((_DELAY.match(node.attributes.get("content") or ""), node) for node in metas)
    first = next(((int(found[1]), node) for found, node in delays if found), None)
    if first is not None and 0 < first[0] <= _LONG:
        yield Outcome(key="delayed", evidence=quote([first[1]])[0])


CHECK = Check(
    id="accessibility_meta_refresh",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("delayed",),
    page=judge,
    criteria=("2.2.1",),
    act=("bc659a",),
)
