"""The canonical link: which of several addresses of a page search engines should list (RFC 6596).

Links in the page's head and in the Link header count. One in the body is ignored by search engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from surveyor.scan.address import host_of
from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import Link, links, same, told
from surveyor.scan.model import Domain
from surveyor.scan.net import hosts


def judge(document: Document) -> Iterable[Outcome]:
    """None, none where it counts, one that is no full http(s) URL, several that differ, or one that hides this page."""
    found = links(document, "canonical")
    counted = [link for link in found if link.place != "body"]
    kinds = [_kind(link.href) for link in counted]
    if not found:
        yield Outcome(key="missing", evidence=(quoting.absent("link[rel=canonical]"),))
    elif not counted:
        yield Outcome(key="misplaced", evidence=told(found), count=len(found))
    elif "invalid" in kinds:
        yield Outcome(key="invalid", evidence=told(counted), count=len(counted))
    elif any(not same(counted[0].url, link.url) for link in counted[1:]):
        yield Outcome(key="several", evidence=told(counted), count=len(counted))
    else:
        if "relative" in kinds:
            yield Outcome(key="relative", evidence=told(counted), count=len(counted))
        yield from _elsewhere(document, counted[0])


def _elsewhere(document: Document, link: Link) -> Iterator[Outcome]:
    """What is wrong with the one address that is meant."""
    here, there = document.page.url, link.url
    if "#" in link.href:
        yield Outcome(key="fragment", evidence=(link.evidence,))
    if there is None or same(here, there):
        return
    split, own = urlsplit(there), urlsplit(here)
    languages = [one.url for one in links(document, "alternate") if one.attributes.get("hreflang")]
    if any(same(there, url) for url in languages) and any(same(here, url) for url in languages):
        yield Outcome(key="language", evidence=(link.evidence,))
    elif not hosts.same_site(host_of(here), host_of(there)):
        yield Outcome(key="foreign", evidence=(link.evidence,))
    elif split.netloc == own.netloc and split.path in {"", "/"} and own.path not in {"", "/"}:
        yield Outcome(key="root", evidence=(link.evidence,))
    elif own.scheme == "https" and split.scheme == "http":
        yield Outcome(key="insecure", evidence=(link.evidence,))


def _kind(href: str) -> str:
    try:
        split = urlsplit(href.strip())
        port_is_a_number = split.port is None or split.port > 0
    except ValueError:
        return "invalid"
    if split.scheme and (split.scheme.lower() not in {"http", "https"} or not split.hostname):
        return "invalid"
    if not href.strip() or not port_is_a_number or " " in href.strip():
        return "invalid"
    return "absolute" if split.scheme else "relative"


CHECK = Check(
    id="seo_canonical",
    version=2,
    domain=Domain.SEO,
    outcomes=(
        "missing",
        "misplaced",
        "invalid",
        "several",
        "relative",
        "fragment",
        "language",
        "foreign",
        "root",
        "insecure",
    ),
    page=judge,
    told_by={"missing": "seo_script_canonical"},
)
