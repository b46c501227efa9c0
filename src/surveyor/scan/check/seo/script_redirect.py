"""A page that scripts leave for another: crawlers without scripts stay, and Google follows when it rendered the page.

"Redirects and Google Search" (Search Central): of redirects those by scripts are the last choice.
"""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import moved
from surveyor.scan.evidence import Rendered
from surveyor.scan.model import Domain, Evidence


def judge(document: Document, rendered: Rendered) -> Iterable[Outcome]:
    """Another document at another address, which the browser was led to."""
    if moved(document.page, rendered):
        evidence = (
            Evidence(kind="served", where="location", value=document.page.url[:1000]),
            Evidence(kind="rendered", where="location", value=rendered.url[:1000]),
        )
        yield Outcome(key="redirect", evidence=evidence)


CHECK = Check(
    id="seo_script_redirect",
    version=1,
    domain=Domain.SEO,
    outcomes=("redirect",),
    needs=Needs.RENDERED,
    rendered=judge,
)
