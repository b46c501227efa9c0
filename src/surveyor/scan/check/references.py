"""The addresses that a page names and that should answer: what its links, previews and relations lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, selector, snippet
from surveyor.scan.check.linking import base, is_web, links, plain, resolve, same
from surveyor.scan.evidence import Reference

_MOST, _LONGEST = 2_000, 2_000
_ICONS = ("icon", "apple-touch-icon")
_IMAGES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")


def references(document: Document, *, among: Callable[[str], object] | None = None) -> tuple[Reference, ...]:
    """Each address once for its first end, without the page itself: at most 2,000 of them.

    ``among`` leaves only links, and of them those for which it holds.
    """
    found: dict[str, Reference] = {}
    for reference in _all(document) if among is None else _links(document, among):
        if len(found) >= _MOST:
            break
        if len(reference.url) <= _LONGEST and not same(reference.url, document.page.url):
            found.setdefault(reference.url, reference)
    return tuple(found.values())


def _all(document: Document) -> Iterator[Reference]:
    for kind, relations in (("canonical", ("canonical",)), ("alternate", ("alternate",)), ("icon", _ICONS)):
        for link in links(document, *relations):
            if link.url and is_web(link.url) and (kind != "alternate" or link.attributes.get("hreflang")):
                where = link.evidence.where or ""
                yield Reference(url=plain(link.url), kind=kind, where=where, value=link.evidence.value)
    if not links(document, *_ICONS):
        icon = resolve(document.page.url, "/favicon.ico")
        yield Reference(url=icon or "", kind="icon", where="/favicon.ico", value="asked for where no icon is named")
    yield from _named(base(document), "image", _images(document))
    yield from _links(document, bool)


def _links(document: Document, among: Callable[[str], object]) -> Iterator[Reference]:
    anchors = ((node, node.attributes.get("href") or "") for node in document.named("a", "area"))
    yield from _named(base(document), "anchor", anchors, among)


def _images(document: Document) -> Iterator[tuple[Element, str]]:
    for node in document.named("meta"):
        name = (node.attributes.get("property") or node.attributes.get("name") or "").strip().lower()
        if name in _IMAGES:
            yield node, node.attributes.get("content") or ""


def _named(
    start: str, kind: str, nodes: Iterator[tuple[Element, str]], among: Callable[[str], object] = bool
) -> Iterator[Reference]:
    seen: set[str] = set()
    for node, href in nodes:
        text = href.strip()
        if not text or text.startswith("#"):
            continue
        url = resolve(start, text)
        if url and is_web(url) and (short := plain(url)) not in seen and among(short):
            seen.add(short)
            yield Reference(url=short, kind=kind, where=selector(node), value=snippet(node))
