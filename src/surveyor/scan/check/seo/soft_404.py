"""What the site answers to an address that cannot exist: without an error status, its dead pages stay listed."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain


def judge(_document: Document, links: Links) -> Iterable[Outcome]:
    """A page with a status of success, as it is or after redirects."""
    stray = links.stray
    if stray is not None and 200 <= stray.status < 300:
        key = "redirected" if stray.hops else "served"
        yield Outcome(key=key, evidence=quoting.way(stray.route), count=len(stray.route))


CHECK = Check(
    id="seo_soft_404",
    version=1,
    domain=Domain.SEO,
    outcomes=("served", "redirected"),
    needs=Needs.LINKS,
    links=judge,
    parts=("stray",),
)
