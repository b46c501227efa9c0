"""Structured data that scripts write: read when the page was rendered, of products late and less often.

"Generate structured data with JavaScript" (Search Central): it works; with markup of products that is made by scripts,
crawls for shopping become less frequent and less reliable.
"""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import linked_data, rdfa, rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linked_data import Thing
from surveyor.scan.model import Domain

_SHOPPING = frozenset({"Product", "ProductGroup", "Offer", "AggregateOffer"})
_QUOTED = 10


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """Types that are there only as rendered; those of products apart."""
    if not rendering.happens(document):
        return
    served = {name for thing in _things(document) for name in thing.types}
    added = [thing for thing in _things(shown) if thing.types and not served.intersection(thing.types)]
    sold = [thing for thing in added if _SHOPPING.intersection(thing.types)]
    for key, things in (("product", sold), ("added", [thing for thing in added if thing not in sold])):
        if things:
            evidence = tuple(thing.evidence for thing in things[:_QUOTED])
            yield Outcome(key=key, evidence=evidence, count=len(things))


def _things(document: Document) -> list[Thing]:
    in_blocks = [thing for block in linked_data.blocks(document) for thing in block.things]
    return [*in_blocks, *linked_data.items(document), *rdfa.things(document)]


CHECK = Check(
    id="seo_script_data",
    version=1,
    domain=Domain.SEO,
    outcomes=("added", "product"),
    needs=Needs.SHOWN,
    shown=judge,
)
