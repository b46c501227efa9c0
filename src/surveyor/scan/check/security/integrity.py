"""Subresource integrity: that scripts and style sheets of other sites are the ones that were meant (W3C SRI)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain
from surveyor.scan.net import hosts


def judge(document: Document) -> Iterable[Outcome]:
    """Scripts of another registered domain without a hash; one that takes over that host takes over the page."""
    scripts = (node for node in document.named("script") if _foreign(node, document.page.host))
    evidence, count = quote(node for node in scripts if not node.attributes.get("integrity"))
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


def _foreign(node: Element, host: str) -> bool:
    try:
        source = urlsplit((node.attributes.get("src") or "").strip())
        return bool(source.hostname) and not hosts.same_site(source.hostname or "", host)
    except ValueError:  # nothing that a browser would load
        return False


CHECK = Check(
    id="security_integrity",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing",),
    page=judge,
)
