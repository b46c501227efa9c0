"""The site's icon: what stands beside a result and on a tab."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links as linked
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain


def judge(document: Document, links: Links) -> Iterable[Outcome]:
    """No icon named and none at ``/favicon.ico``, or one that is named and not there, or is no picture."""
    named = bool(linked(document, "icon", "apple-touch-icon"))
    evidence, count = quoting.no_pictures(links, "icon")
    if count:
        yield Outcome(key="broken" if named else "missing", evidence=evidence, count=count)


CHECK = Check(
    id="seo_favicon",
    version=1,
    domain=Domain.SEO,
    outcomes=("missing", "broken"),
    needs=Needs.LINKS,
    links=judge,
    parts=("icon",),
)
