"""Whether robots.txt lets crawlers ask for the page at all."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import crawlers
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import WellKnown
from surveyor.scan.model import Domain, Evidence


def judge(document: Document, files: WellKnown) -> Iterable[Outcome]:
    """All crawlers that we know are kept out, or some are."""
    rules = crawlers.forbidding(document.page.url, files)
    evidence = tuple(
        Evidence(kind="file", where=f"/robots.txt line {rule.line}", value=f"{rule} (for {agent})"[:300])
        for agent, rule in rules.items()
        if rule is not None
    )
    if evidence:
        yield Outcome(key="some" if None in rules.values() else "blocked", evidence=evidence)


CHECK = Check(
    id="seo_crawling",
    version=1,
    domain=Domain.SEO,
    outcomes=("blocked", "some"),
    needs=Needs.SITE,
    site=judge,
    parts=("/robots.txt",),
)
