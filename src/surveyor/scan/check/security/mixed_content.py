"""Mixed content: what a page over TLS loads or sends without it (W3C Mixed Content)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveyor.scan.check import policy
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.linking import base, candidates, untold
from surveyor.scan.model import Domain

#: What browsers block, by the attribute that names it.
_BLOCKED = {"script": "src", "iframe": "src", "frame": "src", "embed": "src", "object": "data", "track": "src"}
#: Pictures and media: loaded over https instead, or not at all.
_SHOWN = {
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "audio": ("src",),
    "video": ("src", "poster"),
    "input": ("src",),
}
_SENT = {"form": "action", "button": "formaction", "input": "formaction"}
_SHEETS = frozenset({"stylesheet", "preload", "modulepreload", "manifest", "icon"})


def judge(document: Document) -> Iterable[Outcome]:
    """Addresses in the markup that lead to http:, unless the page's policy has browsers ask over https."""
    page = document.page
    if not page.secure:
        return
    start = base(document)
    found = policy.parse(page.headers_of("content-security-policy"), document.policies)
    groups = {"active": _active(document, start), "passive": _passive(document, start), "form": _sent(document, start)}
    if found is not None and "upgrade-insecure-requests" in found.directives:
        groups = {"form": groups["form"]}
    for key, nodes in groups.items():
        evidence, count = quote(nodes)
        if count:
            yield Outcome(key=key, evidence=evidence, count=count)


def _active(document: Document, start: str) -> Iterator[Element]:
    for node in document.elements:
        if node.tag == "link":
            if _SHEETS & set((node.attributes.get("rel") or "").lower().split()) and _plain(node, "href", start):
                yield node
        elif node.tag in _BLOCKED and _plain(node, _BLOCKED[node.tag], start):
            yield node


def _passive(document: Document, start: str) -> Iterator[Element]:
    for node in document.elements:
        names = _SHOWN.get(node.tag, ())
        if any(_plain(node, name, start) for name in names):
            yield node


def _sent(document: Document, start: str) -> Iterator[Element]:
    return (node for node in document.elements if node.tag in _SENT and _plain(node, _SENT[node.tag], start))


def _plain(node: Element, attribute: str, start: str) -> bool:
    value = node.attributes.get(attribute) or ""
    named = candidates(value) if attribute == "srcset" else (value,)
    return any(untold(start, one) for one in named)


CHECK = Check(
    id="security_mixed_content",
    version=2,
    domain=Domain.SECURITY,
    outcomes=("active", "passive", "form"),
    page=judge,
)
