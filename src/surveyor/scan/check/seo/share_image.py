"""Whether the picture of a shared link is there."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain, Evidence


def judge(_document: Document, links: Links) -> Iterable[Outcome]:
    """Pictures of Open Graph and Twitter cards that answer with an error, or are none."""
    evidence = []
    for reference in links.of("image"):
        answer = links.answers.get(reference.url)
        if answer is not None and (answer.status >= 400 or answer.is_html):
            told = f"{answer.status} {answer.media_type}: {reference.url}"
            evidence.append(Evidence(kind="link", where=reference.where, value=told[:700]))
    if evidence:
        yield Outcome(key="broken", evidence=tuple(evidence[:20]), count=len(evidence))


CHECK = Check(
    id="seo_share_image",
    version=1,
    domain=Domain.SEO,
    outcomes=("broken",),
    needs=Needs.LINKS,
    links=judge,
    parts=("image",),
)
