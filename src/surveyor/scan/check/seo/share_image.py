"""Whether the picture of a shared link is there."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Links
from surveyor.scan.model import Domain


def judge(_document: Document, links: Links) -> Iterable[Outcome]:
    """Pictures of Open Graph and Twitter cards that answer with an error, or are none."""
    evidence, count = quoting.no_pictures(links, "image")
    if count:
        yield Outcome(key="broken", evidence=evidence, count=count)


CHECK = Check(
    id="seo_share_image",
    version=1,
    domain=Domain.SEO,
    outcomes=("broken",),
    needs=Needs.LINKS,
    links=judge,
    parts=("image",),
)
