"""What a page ties itself to: link elements and the Link header (RFC 8288), with addresses resolved as browsers do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urldefrag, urljoin, urlsplit

from surveyor.scan.address import normal
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, selector, snippet
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.model import Evidence
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

_LINK = regex(r"""<([^<>]{0,2000})>((?:\s*+;\s*+[^\s;,="<>]++(?:\s*+=\s*+(?:"[^"]*+"|[^\s;,"<>]*+))?)*+)""")
_PARAMETER = regex(r""";\s*+([^\s;,="<>]++)(?:\s*+=\s*+(?:"([^"]*+)"|([^\s;,"<>]*+)))?""")
#: Links of one kind that are read from elements, and from headers.
_MOST, _HEADER_LINKS = 500, 200


@frozen
class Link:
    """One link: its relations in lower case, the address as written, and where it stands: head, body or header."""

    rel: tuple[str, ...]
    href: str
    url: str | None
    place: str
    attributes: Mapping[str, str | None]
    evidence: Evidence


def base(document: Document) -> str:
    """The address that relative ones are relative to (HTML, "document base URL")."""
    for node in document.named("base"):
        if href := (node.attributes.get("href") or "").strip():
            return resolve(document.page.url, href) or document.page.url
    return document.page.url


def resolve(start: str, href: str) -> str | None:
    """A full address; ``None`` for what is no address at all."""
    try:
        found = urljoin(start, href.strip())
        split = urlsplit(found)
        _ = split.port
    except ValueError:
        return None
    return found if split.scheme not in {"http", "https"} or split.hostname else None


def untold(start: str, href: str) -> str | None:
    """The full address of what is asked for without TLS; nothing for all else, and for what is no address."""
    text = href.strip()
    if not text or not (text[:5].lower() == "http:" or start[:5].lower() == "http:"):
        return None
    url = resolve(start, text)
    return url if url is not None and url[:5].lower() == "http:" else None


def candidates(srcset: str) -> Iterator[str]:
    """The addresses of a set of pictures (HTML, "srcset attributes"), as written."""
    return (part.split()[0] for part in srcset.split(",") if part.strip())


def same(one: str | None, other: str | None) -> bool:
    """Whether two addresses are spellings of one; fragments do not count."""
    try:
        return one is not None and other is not None and normal(one) == normal(other)
    except ValueError:
        return False


def is_web(url: str | None) -> bool:
    """Whether an address is one that a crawler asks for."""
    return url is not None and url.lower().startswith(("http://", "https://"))


def in_head(node: Element) -> bool:
    """Whether an element is in the page's head, where relations of the page are looked for."""
    return Document.inside(node, "head")


def links(document: Document, *relations: str) -> list[Link]:
    """Every link with one of these relations, those of headers last."""
    wanted = set(relations)
    start = base(document)
    found: list[Link] = []
    for node in document.named("link"):
        rel = tuple((node.attributes.get("rel") or "").lower().split())
        if wanted.intersection(rel) and len(found) < _MOST:
            href = (node.attributes.get("href") or "").strip()
            found.append(
                Link(
                    rel=rel,
                    href=href,
                    url=resolve(start, href) if href else None,
                    place="head" if in_head(node) else "body",
                    attributes=node.attributes,
                    evidence=Evidence(kind="element", where=selector(node), value=snippet(node)),
                )
            )
    return [*found, *(link for link in _sent(document) if wanted.intersection(link.rel))]


def _sent(document: Document) -> Iterator[Link]:
    page = document.page
    left = _HEADER_LINKS
    for value in page.headers_of("link"):
        for href, text in _LINK.findall(value):
            if left <= 0:
                return
            left -= 1
            said: dict[str, str | None] = {}
            for name, quoted, plain in _PARAMETER.findall(text):
                said.setdefault(name.lower(), quoted or plain)
            yield Link(
                rel=tuple((said.get("rel") or "").lower().split()),
                href=href.strip(),
                url=resolve(page.url, href) if href.strip() else None,
                place="header",
                attributes=said,
                evidence=Evidence(kind="header", where="Link", value=f"<{href}>{text}"[:1000]),
            )


def plain(url: str) -> str:
    """An address without its fragment."""
    return urldefrag(url).url


def moved(page: Page, rendered: Rendered) -> bool:
    """Whether a browser that went to the page ended at another one; a page may also only rename its own address."""
    return not same(rendered.url, page.url) and any(
        one.kind == "Document" and same(one.url, rendered.url) for one in rendered.requests
    )


def told(links: list[Link], limit: int = 20) -> tuple[Evidence, ...]:
    """The first links as evidence."""
    return tuple(link.evidence for link in links[:limit])
