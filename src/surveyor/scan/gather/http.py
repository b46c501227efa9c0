"""The page itself: one GET as a browser would make it, with what the server said on the way."""

from __future__ import annotations

from surveyor.scan.evidence import Page
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer


def gather(errand: Errand) -> Page:
    """Fetch the page; a body over the bound is cut, headers over theirs make it unreadable."""
    return asking.ask(errand, errand.url, max_bytes=errand.settings.limits.page_bytes)


GATHERER = Gatherer(id="http", version=2, gather=gather)
