"""One request through the client as evidence: what all gatherers of pages do alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.evidence import Page, Step
from surveyor.scan.gather.interface import Errand
from surveyor.scan.net import Hop

HEADERS = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language": "en;q=0.8,*;q=0.5"}


def ask(
    errand: Errand,
    url: str,
    *,
    max_bytes: int,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Page:
    """The answer to one request, certificates of no worth accepted and told; too many headers make it unreadable."""
    left = errand.left if seconds is None else min(seconds, errand.left)
    try:
        answer = errand.client.get(
            url, headers={**HEADERS, **(headers or {})}, max_bytes=max_bytes, seconds=left, method=method, lenient=True
        )
    except LimitExceeded as error:
        raise Malformed(str(error)) from None
    return Page(
        asked=url,
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        cut=answer.truncated,
        hops=tuple(map(_step, answer.hops)),
        verified=answer.tls is None or answer.tls.problem is None,
    )


def beginning(page: Page, size: int) -> Page:
    """The same answer with only the first bytes of its body."""
    return page if len(page.body) <= size else replace(page, body=page.body[:size], cut=True)


def place(url: str, path: str, *, scheme: str | None = None) -> str:
    """Another path of the same host and port, over another scheme where one is named."""
    split = urlsplit(url)
    return urlunsplit((scheme or split.scheme, split.netloc, path, "", ""))


def _step(hop: Hop) -> Step:
    cookies = tuple(value.strip() for name, value in hop.headers if name.lower() == "set-cookie")
    verified = hop.tls is None or hop.tls.problem is None
    return Step(url=hop.url, status=hop.status, cookies=cookies, verified=verified)
