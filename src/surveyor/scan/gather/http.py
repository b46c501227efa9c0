"""The page itself: one GET as a browser would make it, with what the server said on the way."""

from __future__ import annotations

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.evidence import Page, Step
from surveyor.scan.gather.interface import Errand, Gatherer

_HEADERS = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language": "en;q=0.8,*;q=0.5"}


def gather(errand: Errand) -> Page:
    """Fetch the page; a body over the bound is cut, headers over theirs make it unreadable."""
    limit = errand.settings.limits.page_bytes
    try:
        answer = errand.client.get(errand.url, headers=_HEADERS, max_bytes=limit, seconds=errand.left)
    except LimitExceeded as error:
        raise Malformed(str(error)) from None
    return Page(
        asked=errand.url,
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        cut=answer.truncated,
        hops=tuple(Step(url=hop.url, status=hop.status) for hop in answer.hops),
    )


GATHERER = Gatherer(id="http", version=1, gather=gather)
