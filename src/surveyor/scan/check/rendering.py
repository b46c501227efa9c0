"""What crawlers make of a page of which scripts change the markup.

They read a page as it is served, and render it later: Google queues every page for that unless a robots directive
asks to leave it out ("JavaScript SEO basics", Search Central), so nothing that scripts do to such a page is ever seen.
Many other crawlers, and all that make previews, never run a script.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Outcome
from surveyor.scan.model import Evidence

#: The crawler whose guidance is published.
AGENT = "googlebot"
_LONGEST = 300


def happens(document: Document) -> bool:
    """Whether the page is rendered at all, by what is served."""
    return directives.blocking(document, AGENT) is None


def changes(document: Document, served: str, shown: str, where: str) -> Iterator[Outcome]:
    """``added`` or ``changed``: what becomes of one text between the page as served and as shown."""
    if happens(document) and shown and served.casefold() != shown.casefold():
        yield Outcome(key="changed" if served else "added", evidence=told(served, shown, where))


def told(served: str, shown: str, where: str) -> tuple[Evidence, ...]:
    """One thing as it is in both."""
    return (
        Evidence(kind="served", where=where, value=served[:_LONGEST] or "not there"),
        Evidence(kind="rendered", where=where, value=shown[:_LONGEST] or "not there"),
    )
