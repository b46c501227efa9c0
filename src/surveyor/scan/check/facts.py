"""What a page is compared with others of its site by."""

from __future__ import annotations

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.check.linking import base, is_web, links, plain, resolve
from surveyor.scan.facts import Facts

_HEADINGS, _LINKS, _TEXT = 5, 1_000, 500
_LISTING = "googlebot"


def facts(document: Document, *, url: str, frame: str = "") -> Facts:
    """Of one page that could be read; raises what its markup raises."""
    canonicals = [link.url for link in links(document, "canonical") if link.url]
    html = next(document.named("html"), None)
    heads = (" ".join(node.text(_TEXT).split()) for node in document.named("h1"))
    return Facts(
        url=url,
        title=document.title[:_TEXT],
        description=document.description[:_TEXT],
        headings=tuple(text for text in heads if text)[:_HEADINGS],
        canonical=plain(canonicals[0]) if canonicals else None,
        hidden=directives.blocking(document, _LISTING) is not None,
        language=((html.attributes.get("lang") if html is not None else None) or "").strip().lower()[:35],
        frame=frame,
        links=_leads(document),
    )


def _leads(document: Document) -> tuple[str, ...]:
    """Addresses of the pages it links to, each once, without fragments."""
    start = base(document)
    found: dict[str, None] = {}
    for node in document.named("a", "area"):
        url = resolve(start, node.attributes.get("href") or "")
        if url is not None and is_web(url) and len(found) < _LINKS:
            found.setdefault(plain(url))
    return tuple(found)
