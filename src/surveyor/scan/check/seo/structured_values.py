"""Values of structured data that no search engine can use, in JSON-LD, microdata and RDFa."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import linked_data, rdfa, rich_values
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain, Evidence

_QUOTED = 10


def judge(document: Document) -> Iterable[Outcome]:
    """Times, prices, currencies, ratings, addresses and availability that are none; empty values are another rule's."""
    blocks = (thing for block in linked_data.blocks(document) for thing in block.things)
    evidence: list[Evidence] = []
    count = 0
    for thing in (*blocks, *linked_data.items(document), *rdfa.things(document)):
        said = list(rich_values.wrong(thing.values)) if thing.types else []
        count += len(said)
        if said and len(evidence) < _QUOTED:
            told = f"{', '.join(thing.types)}: {'; '.join(said)}"
            evidence.append(Evidence(kind="reason", where=thing.evidence.where, value=told[:600]))
    if evidence:
        yield Outcome(key="unusable", evidence=tuple(evidence), count=max(count, len(evidence)))


CHECK = Check(
    id="seo_structured_values",
    version=1,
    domain=Domain.SEO,
    outcomes=("unusable",),
    page=judge,
)
