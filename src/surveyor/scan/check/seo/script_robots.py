"""Robots directives that scripts change. A served ``noindex`` stays, since such a page is never rendered.

"JavaScript SEO basics" (Search Central, "Use meta robots tags carefully"): Google skips rendering where it meets
``noindex``, so that no script can take it back; one that a script sets counts once the page was rendered.
"""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """For any crawler that we know: ``noindex`` as served and not as rendered, or the other way round."""
    before = {agent: directives.blocking(document, agent) for agent in directives.AGENTS}
    after = {agent: directives.blocking(shown, agent) for agent in directives.AGENTS}
    lifted = [one.evidence for agent, one in before.items() if one is not None and after[agent] is None]
    imposed = [one.evidence for agent, one in after.items() if one is not None and before[agent] is None]
    for key, evidence in (("lifted", lifted), ("imposed", imposed)):
        if evidence:
            yield Outcome(key=key, evidence=_once(evidence))


def _once(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence))


CHECK = Check(
    id="seo_script_robots",
    version=1,
    domain=Domain.SEO,
    outcomes=("lifted", "imposed"),
    needs=Needs.SHOWN,
    shown=judge,
)
