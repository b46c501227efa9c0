"""The canonical link: which of several addresses of a page search engines should list."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.evidence import normal
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """None, one that is no full http(s) URL, or several that name different pages."""
    links = [node for node in document.named("link") if "canonical" in _words(node)]
    evidence, count = quote(links)
    kinds = [_kind(node.attributes.get("href") or "") for node in links]
    if not links:
        yield Outcome(key="missing", evidence=(quoting.absent("link[rel=canonical]"),))
    elif "invalid" in kinds:
        yield Outcome(key="invalid", evidence=evidence, count=count)
    elif len({normal((node.attributes.get("href") or "").strip()) for node in links}) > 1:
        yield Outcome(key="several", evidence=evidence, count=count)
    elif "relative" in kinds:
        yield Outcome(key="relative", evidence=evidence, count=count)


def _words(node: Element) -> list[str]:
    return (node.attributes.get("rel") or "").lower().split()


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
    version=1,
    domain=Domain.SEO,
    outcomes=("missing", "invalid", "several", "relative"),
    page=judge,
)
