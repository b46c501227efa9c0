"""Structured data by schema.org: whether it can be read, says of what it speaks, and holds what results are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from surveyor.scan.check import linked_data, rdfa
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linked_data import Thing
from surveyor.scan.check.rich_results import lacking
from surveyor.scan.model import Domain, Evidence

_QUOTED = 10


def judge(document: Document) -> Iterable[Outcome]:
    """JSON that is none, blocks without schema.org's context, things without a type or what it needs."""
    blocks = list(linked_data.blocks(document))
    broken = [
        Evidence(kind="reason", where=block.evidence.where, value=f"{block.error} in {block.evidence.value}")
        for block in blocks
        if block.error
    ]
    if broken:
        yield Outcome(key="invalid", evidence=tuple(broken[:_QUOTED]), count=len(broken))
    strange = [block.evidence for block in blocks if not block.error and not block.context]
    if strange:
        yield Outcome(key="context", evidence=tuple(strange[:_QUOTED]), count=len(strange))
    things = [
        *(thing for block in blocks for thing in block.things),
        *linked_data.items(document),
        *rdfa.things(document),
    ]
    untyped = [thing.evidence for thing in things if not thing.types and thing.top]
    if untyped:
        yield Outcome(key="untyped", evidence=tuple(untyped[:_QUOTED]), count=len(untyped))
    yield from _lacking("incomplete", things, required=True)
    yield from _lacking("sparse", things, required=False)


def _lacking(key: str, things: Sequence[Thing], *, required: bool) -> Iterable[Outcome]:
    evidence: list[Evidence] = []
    count = 0
    for thing in things:
        # a thing within another may only name it; its own type's result is not asked for there
        names = lacking(thing.types, thing.names, required=required) if required or thing.top else []
        count += len(names)
        if len(evidence) < _QUOTED and names:
            told = f"without {'; '.join(names)} in {thing.evidence.value}"
            evidence.append(Evidence(kind="reason", where=thing.evidence.where, value=told[:400]))
    if evidence:
        yield Outcome(key=key, evidence=tuple(evidence), count=max(len(evidence), count))


CHECK = Check(
    id="seo_structured_data",
    version=1,
    domain=Domain.SEO,
    outcomes=("invalid", "context", "untyped", "incomplete", "sparse"),
    page=judge,
)
