"""Links of one name in one place: told apart by nothing if they lead to different pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

#: What tells a link's purpose beside its name (WCAG 2.1, programmatically determined link context).
_CONTEXTS = frozenset({"p", "li", "td", "th", "dd", "dt", "caption", "figcaption"})
#: Handlers that lead somewhere, where there is no address.
_HANDLER = "onclick"


def judge(document: Document) -> Iterable[Outcome]:
    """Links of the same name in the same paragraph, entry or cell, or in none of them, that lead to other addresses.

    Addresses that differ by path alone may be one page by two names, so only such with another query count, and
    handlers that are not the same.
    """
    told = document.semantics
    groups: dict[tuple[int, str], list[Element]] = defaultdict(list)
    for node in document.elements:
        if told.role(node) == "link" and told.exposed(node) and (name := told.name(node)):
            groups[_context(node), name.casefold()].append(node)
    differing = [node for nodes in groups.values() if len(nodes) > 1 for node in _differing(document, nodes)]
    evidence, count = quote(sorted(differing, key=lambda node: node.key))
    if count:
        yield Outcome(key="ambiguous", evidence=evidence, count=count)


def _context(node: Element) -> int:
    """The element whose text tells the purpose too, by its place; -1 where none does."""
    current = node.parent
    while current is not None:
        if current.tag in _CONTEXTS:
            return current.key
        current = current.parent
    return -1


def _goal(document: Document, node: Element) -> tuple[str, str]:
    """Where it leads: address without query and fragment, and query, or its handler."""
    href = node.attributes.get("href")
    if href is None:
        return "", (node.attributes.get(_HANDLER) or "").strip()
    try:
        split = urlsplit(urljoin(document.page.url, href.strip()))
    except ValueError:
        return "", ""
    return f"{split.scheme}://{split.netloc}{split.path}", split.query


def _differing(document: Document, nodes: list[Element]) -> Iterable[Element]:
    """Those that lead to one path with different queries, or have different handlers."""
    goals = [_goal(document, node) for node in nodes]
    queries: dict[str, set[str]] = defaultdict(set)
    for path, query in goals:
        if query:
            queries[path].add(query)
    return (node for node, (path, query) in zip(nodes, goals, strict=True) if query and len(queries[path]) > 1)


CHECK = Check(
    id="accessibility_link_identical",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("ambiguous",),
    page=judge,
    criteria=("2.4.4",),
    act=("fd3a94",),
)
