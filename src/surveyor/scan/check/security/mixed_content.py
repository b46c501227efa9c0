"""Mixed content: what a page over TLS loads or sends without it (W3C Mixed Content)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveyor.scan.check import policy
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

#: What browsers block, by the attribute that names it; and what they load over https instead, or fail to.
_BLOCKED = {"script": "src", "iframe": "src", "frame": "src", "embed": "src", "object": "data"}
_UPGRADED = {"img": "src", "audio": "src", "video": "src", "source": "src"}
_SHEETS = frozenset({"stylesheet", "preload", "modulepreload", "manifest", "icon"})


def judge(document: Document) -> Iterable[Outcome]:
    """Addresses in the markup that begin with http:, unless the page's policy has browsers ask over https."""
    page = document.page
    if not page.secure:
        return
    found = policy.parse(page.headers_of("content-security-policy"), document.policies)
    if found is None or "upgrade-insecure-requests" not in found.directives:
        for key, nodes in (("active", _active(document)), ("passive", _named(document, _UPGRADED))):
            evidence, count = quote(nodes)
            if count:
                yield Outcome(key=key, evidence=evidence, count=count)
    evidence, count = quote(node for node in document.named("form") if _plain(node, "action"))
    if count:
        yield Outcome(key="form", evidence=evidence, count=count)


def _active(document: Document) -> Iterator[Element]:
    for node in document.elements:
        if node.tag == "link":
            if _SHEETS & set((node.attributes.get("rel") or "").lower().split()) and _plain(node, "href"):
                yield node
        elif node.tag in _BLOCKED and _plain(node, _BLOCKED[node.tag]):
            yield node


def _named(document: Document, attributes: dict[str, str]) -> Iterator[Element]:
    return (node for node in document.elements if node.tag in attributes and _plain(node, attributes[node.tag]))


def _plain(node: Element, attribute: str) -> bool:
    return (node.attributes.get(attribute) or "").strip().lower().startswith("http:")


CHECK = Check(
    id="security_mixed_content",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("active", "passive", "form"),
    page=judge,
)
