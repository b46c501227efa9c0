"""Whether search engines are asked to leave the page out."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """All crawlers that we know are told not to list the page, or some by name are; robots.txt is another check."""
    found = [directives.blocking(document, agent) for agent in directives.AGENTS]
    evidence = tuple(dict.fromkeys(one.evidence for one in found if one is not None))
    if None not in found:
        yield Outcome(key="blocked", evidence=evidence)
    elif evidence:
        yield Outcome(key="some", evidence=evidence)


CHECK = Check(
    id="seo_indexing",
    version=2,
    domain=Domain.SEO,
    outcomes=("blocked", "some"),
    needs=Needs.PAGE,
    page=judge,
    told_by={"blocked": "seo_script_robots", "some": "seo_script_robots"},
)
