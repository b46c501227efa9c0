"""What is at the address that the page's canonical link names."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links as linked
from surveyor.scan.check.linking import same, told
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain, Evidence


def judge(_document: Document, links: Links) -> Iterable[Outcome]:
    """An error, a redirect, a page that is not to be listed, or one that names yet another as canonical."""
    for reference, answer in links.told("canonical"):
        seen = Evidence(kind="link", where=reference.where, value=f"{answer.status}: {answer.url}"[:700])
        if answer.status >= 400:
            yield Outcome(key="error", evidence=(seen,))
            continue
        if answer.hops:
            yield Outcome(key="redirect", evidence=(seen,))
        target = Document(answer)
        blocked = directives.blocking(target, "*")
        if blocked is not None:
            yield Outcome(key="blocked", evidence=(seen, blocked.evidence))
        if not answer.is_html:
            continue
        onward = [one for one in linked(target, "canonical") if one.place != "body" and one.url]
        if onward and not any(same(one.url, answer.url) or same(one.url, reference.url) for one in onward):
            yield Outcome(key="chain", evidence=(seen, *told(onward, 3)))


CHECK = Check(
    id="seo_canonical_target",
    version=1,
    domain=Domain.SEO,
    outcomes=("error", "redirect", "blocked", "chain"),
    needs=Needs.LINKS,
    links=judge,
    parts=("canonical",),
)
