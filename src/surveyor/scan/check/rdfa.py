"""Structured data in RDFa (W3C, "RDFa Core 1.1" and "RDFa Lite 1.1"), as far as schema.org is spoken in it.

Read are ``vocab``, ``prefix``, ``typeof``, ``property``, ``resource`` and ``about``, and values as Core's section 7.5
has them. Names of other vocabularies, such as Open Graph's, are no part of it. ``rel`` and ``rev`` chain nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, selector, snippet
from surveyor.scan.check.linked_data import Thing
from surveyor.scan.model import Evidence

_SCHEMA = ("https://schema.org/", "http://schema.org/")
#: Of the initial context of RDFa 1.1: known without being declared.
_KNOWN = {"schema": _SCHEMA[0]}
_MOST, _NAMES, _VALUES, _TEXT = 2_000, 200, 20, 300
#: Prefixes that hold at one place.
_PREFIXES = 100


@dataclass(slots=True)
class _Item:
    """What is being said of one thing."""

    node: Element
    types: tuple[str, ...] = ()
    top: bool = True
    said: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What holds at a place of the page: whose properties stand there, and what short names mean."""

    item: _Item | None = None
    vocabulary: str = ""
    prefixes: Mapping[str, str] = field(default_factory=lambda: _KNOWN)

    def named(self, text: str | None) -> Iterator[str]:
        """Names of schema.org among those that an attribute lists, without its address."""
        for word in (text or "").split()[:20]:
            prefix, colon, rest = word.partition(":")
            if colon and not rest.startswith("//"):
                full = f"{self.prefixes.get(prefix.lower(), '')}{rest}"
            else:
                full = word if colon else f"{self.vocabulary}{word}"
            if start := next((start for start in _SCHEMA if full.startswith(start)), None):
                yield full[len(start) :][:100]


def things(document: Document) -> Iterator[Thing]:
    """Each thing that has a type of schema.org."""
    if not any("typeof" in node.attributes for node in document.elements):
        return  # nearly every page
    scopes: dict[int, _Scope] = {}
    items: list[_Item] = []
    about: dict[str, _Item] = {}
    for node in document.elements:  # parents come first
        outer = scopes.get(node.parent.key, _Scope()) if node.parent is not None else _Scope()
        scopes[node.key] = _within(node, outer, items, about)
    for item in items[:_MOST]:
        if item.types:
            evidence = Evidence(kind="element", where=selector(item.node), value=snippet(item.node))
            values = {name: tuple(texts) for name, texts in item.said.items() if texts}
            yield Thing(item.types, frozenset(item.said), evidence, item.top, values)


def _within(node: Element, outer: _Scope, items: list[_Item], about: dict[str, _Item]) -> _Scope:
    """Note what an element says; what holds for those in it."""
    said = node.attributes
    scope = outer
    if "vocab" in said or "prefix" in said:
        vocabulary = (said.get("vocab") or "").strip() if "vocab" in said else outer.vocabulary
        if vocabulary in {start[:-1] for start in _SCHEMA}:
            vocabulary += "/"
        declared = _declared(said.get("prefix")) if len(outer.prefixes) < _PREFIXES else {}
        scope = _Scope(outer.item, vocabulary, {**outer.prefixes, **declared} if declared else outer.prefixes)
    names = list(scope.named(said.get("property")))
    typed = "typeof" in said
    if outer.item is not None:
        _note(outer.item, names, "" if typed else _value(node))
    subject = (said.get("about") or (said.get("resource") if typed or not names else "") or "").strip()
    if not typed and (not subject or subject not in about):
        return scope
    item = about.get(subject) if subject else None
    if item is None:
        item = _Item(node)
        items.append(item)
        if subject:
            about[subject] = item
    item.types = (*item.types, *scope.named(said.get("typeof")))
    item.top = item.top and not (names and outer.item is not None)
    return _Scope(item, scope.vocabulary, scope.prefixes)


def _note(item: _Item, names: list[str], text: str) -> None:
    for name in names:
        if len(item.said) < _NAMES or name in item.said:
            texts = item.said.setdefault(name, [])
            if text and len(texts) < _VALUES:
                texts.append(text[:_TEXT])


def _declared(text: str | None) -> dict[str, str]:
    """Pairs of ``prefix`` (Core, section 5): a name with a colon, and the address that it stands for."""
    words = (text or "").split()[:40]
    return {
        name[:-1].lower(): address for name, address in zip(words[::2], words[1::2], strict=False) if name[-1] == ":"
    }


def _value(node: Element) -> str:
    """What a property says on an element that is no thing itself (Core, section 7.5, and HTML+RDFa for ``time``)."""
    said = node.attributes
    if "content" in said:
        return (said["content"] or "").strip()
    if "datetime" in said:
        return (said["datetime"] or "").strip()
    address = next((said[name] for name in ("resource", "href", "src") if name in said), None)
    return (address or "").strip() if address is not None else " ".join(node.text(_TEXT).split())
