"""Structured data in a page: JSON-LD in scripts and microdata in attributes, as things with types and properties.

JSON-LD (W3C) is read as search engines do: objects, ``@graph`` and what is nested, with names of schema.org as they
stand; contexts are not loaded and names not expanded. Microdata is HTML's (itemscope, itemtype, itemprop, itemref).
The third syntax, RDFa, is read apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import DataBlock, Element, selector, snippet
from surveyor.scan.model import Evidence

#: Things that are read of one page, how deep they nest, and elements that ``itemref`` may name.
_MOST, _DEPTH, _REFERRED = 2_000, 40, 20_000
_TEXT, _BLOCKS = 300, 200
#: Properties of a thing, and values of one.
_NAMES, _VALUES = 200, 20
#: The attribute that holds the value of an element (HTML, "values").
_VALUED = {
    **dict.fromkeys(("a", "area", "link"), "href"),
    **dict.fromkeys(("audio", "embed", "iframe", "img", "source", "track", "video"), "src"),
    "meta": "content",
    "object": "data",
    "data": "value",
    "meter": "value",
    "time": "datetime",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing: its types and the names of the properties that have a value, without schema.org's address.

    ``values`` are those that are no things themselves, as text.
    """

    types: tuple[str, ...]
    names: frozenset[str]
    evidence: Evidence
    top: bool
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """One script element with JSON-LD: its things, or why it cannot be read; whether it names schema.org."""

    things: tuple[Thing, ...]
    evidence: Evidence
    error: str | None = None
    context: bool = True


def blocks(document: Document) -> Iterator[Block]:
    """Each block of JSON-LD of the page."""
    found = (node for node in document.named("script") if isinstance(node, DataBlock))
    yield from map(_block, islice(found, _BLOCKS))


def _block(node: DataBlock) -> Block:
    where = selector(node)
    evidence = Evidence(kind="element", where=where, value=" ".join(node.data[: 2 * _TEXT].split())[:_TEXT] or "empty")
    try:
        told = orjson.loads(node.data)
    except orjson.JSONDecodeError as error:
        return Block((), evidence, error=str(error)[:200])
    tops = told if isinstance(told, list) else [told]
    objects = [one for one in tops[:_MOST] if isinstance(one, dict)]
    things = tuple(thing for one in objects for thing in _things(one, where))
    context = bool(objects) and all(_names_schema(one.get("@context")) for one in objects)
    return Block(things[:_MOST], evidence, context=context)


def _names_schema(context: object) -> bool:
    parts = context if isinstance(context, list) else [context]
    return any(
        "schema.org"
        in (part if isinstance(part, str) else str(part.get("@vocab", "")) if isinstance(part, dict) else "")
        for part in parts[:20]
    )


def _things(top: dict[str, Any], where: str) -> Iterator[Thing]:
    """An object and those in it; what only names another by ``@id`` is none."""
    stack: list[tuple[Any, int]] = [(top, 0)]
    count = 0
    while stack and count < _MOST:
        value, depth = stack.pop()
        if isinstance(value, list):
            stack.extend((one, depth + 1) for one in reversed(value[:_MOST]) if depth < _DEPTH)
        elif isinstance(value, dict):
            count += 1
            types = _types(value.get("@type"))
            names = frozenset(_short(str(name)) for name, one in value.items() if _has_value(one))
            is_top = value is top and "@graph" not in value
            if types or is_top:
                evidence = Evidence(kind="element", where=where, value=_shown(value))
                yield Thing(types, names, evidence, is_top, _plain(value))
            inside = [one for one in value.values() if isinstance(one, (dict, list))]
            stack.extend((one, depth + 1) for one in reversed(inside) if depth < _DEPTH)


def _shown(value: dict[str, Any]) -> str:
    """An object by its first plain values."""
    plain = ((name, one) for name, one in value.items() if isinstance(one, str | int | float))
    return "; ".join(f"{name[:60]}: {str(one)[:80]}" for name, one in islice(plain, 6))[:_TEXT] or "an object"


def _plain(value: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The properties that are text or numbers, or lists of them; those without a character left out."""
    found: dict[str, tuple[str, ...]] = {}
    for name, one in islice(value.items(), _NAMES):
        parts = one[:_VALUES] if isinstance(one, list) else [one]
        told = (str(part) for part in parts if isinstance(part, str | int | float) and not isinstance(part, bool))
        if texts := tuple(text[:_TEXT] for text in told if text.strip()):
            found[_short(str(name))] = texts
    return found


def _has_value(value: object) -> bool:
    return value is not None and value not in ("", [], {})


def _types(told: object) -> tuple[str, ...]:
    parts = told if isinstance(told, list) else [told]
    return tuple(_short(part) for part in parts[:20] if isinstance(part, str) and part.strip())


def _short(name: str) -> str:
    for start in ("https://schema.org/", "http://schema.org/", "schema:"):
        if name.startswith(start):
            return name[len(start) :]
    return name.strip()[:100]


def items(document: Document) -> Iterator[Thing]:
    """Each item of microdata that has a type of schema.org."""
    said: dict[int, dict[str, list[str]]] = {}
    owners: dict[int, Element] = {}
    for node in document.elements:  # parents come first
        above = node.parent
        owner = above if above is not None and "itemscope" in above.attributes else above and owners.get(above.key)
        if owner is not None:
            owners[node.key] = owner
            _note(node, said.setdefault(owner.key, {}))
    left = _REFERRED
    found = 0
    for node in document.elements:
        if "itemscope" not in node.attributes or found >= _MOST:
            continue
        own = said.get(node.key, {})
        for name in (node.attributes.get("itemref") or "").split()[:50]:
            for other in document.by_id.get(name, ())[:1]:
                for below in _inside(other):
                    left -= 1
                    if left < 0:
                        return
                    _note(below, own)
        types = tuple(
            _short(one) for one in (node.attributes.get("itemtype") or "").split()[:20] if "schema.org/" in one
        )
        if types:
            found += 1
            evidence = Evidence(kind="element", where=selector(node), value=snippet(node))
            values = {_short(name): tuple(texts) for name, texts in own.items() if texts}
            yield Thing(types, frozenset(map(_short, own)), evidence, "itemprop" not in node.attributes, values)


def _note(node: Element, said: dict[str, list[str]]) -> None:
    """Add the properties that an element has, with its value where it is no item itself (HTML, "values")."""
    for name in (node.attributes.get("itemprop") or "").split()[:20]:
        texts = said.setdefault(name, [])
        if "itemscope" not in node.attributes and len(texts) < _VALUES and (text := _value(node).strip()):
            texts.append(text[:_TEXT])


def _value(node: Element) -> str:
    attribute = _VALUED.get(node.tag)
    if attribute is not None and (node.tag != "time" or "datetime" in node.attributes):
        return node.attributes.get(attribute) or ""
    return node.attributes.get("content") or " ".join(node.text(_TEXT).split())


def _inside(top: Element) -> Iterator[Element]:
    """An element and those anywhere in it, in no order that matters."""
    stack = [top]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.elements())
