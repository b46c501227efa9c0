"""The site's icon: what stands beside a result and on a tab."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links as linked
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain, Evidence


def judge(document: Document, links: Links) -> Iterable[Outcome]:
    """No icon named and none at ``/favicon.ico``, or one that is named and not there, or is no picture."""
    named = bool(linked(document, "icon", "apple-touch-icon"))
    evidence = []
    for reference in links.of("icon"):
        answer = links.answers.get(reference.url)
        if answer is not None and (answer.status >= 400 or answer.is_html):
            told = f"{answer.status} {answer.media_type}: {reference.url}"
            evidence.append(Evidence(kind="link", where=reference.where, value=told[:700]))
    if evidence:
        yield Outcome(key="broken" if named else "missing", evidence=tuple(evidence[:20]), count=len(evidence))


CHECK = Check(
    id="seo_favicon",
    version=1,
    domain=Domain.SEO,
    outcomes=("missing", "broken"),
    needs=Needs.LINKS,
    links=judge,
    parts=("icon",),
)
