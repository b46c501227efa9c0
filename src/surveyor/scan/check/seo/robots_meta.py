"""Statements about crawlers that contradict each other, or that no crawler knows."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_OPPOSITES = (("index", "noindex"), ("follow", "nofollow"), ("all", "noindex"), ("all", "none"), ("index", "none"))
_KNOWN = frozenset(
    """all index follow noindex nofollow none noarchive nosnippet notranslate noimageindex nositelinkssearchbox
    indexifembedded noodp noydir nocache noai noimageai unavailable_after max-snippet max-image-preview
    max-video-preview""".split()  # noqa: SIM905 - a table
)


def judge(document: Document) -> Iterable[Outcome]:
    """The same crawler is told both of two opposites; or a directive is none."""
    told = directives.said(document)
    by_agent: dict[str, set[str]] = {}
    for one in told:
        by_agent.setdefault(one.agent, set()).update(one.tokens)
    torn = {agent for agent, tokens in by_agent.items() if any(tokens.issuperset(pair) for pair in _OPPOSITES)}
    if torn:
        yield Outcome(key="conflict", evidence=tuple(one.evidence for one in told if one.agent in torn))
    strange = [one for one in told if any(token.partition(":")[0].strip() not in _KNOWN for token in one.tokens)]
    if strange:
        yield Outcome(key="unknown", evidence=tuple(one.evidence for one in strange))


CHECK = Check(
    id="seo_robots_meta", version=1, domain=Domain.SEO, outcomes=("conflict", "unknown"), needs=Needs.PAGE, page=judge
)
