"""Bills of materials by CycloneDX 1.0 to 1.7, as JSON and as XML."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.formats.json import mapping, sequence
from surveyor.scan.formats.sbom.component import MOST, Component, digests, string
from surveyor.scan.formats.xml import elements

_DEPTH = 50
_PATHS = frozenset({"syft:location:0:path", "aquasecurity:trivy:FilePath"})
_OWNER, _TIER = frozenset({"surveyor:owner"}), frozenset({"surveyor:tier"})
_FIELDS = {"name": "name", "version": "version", "purl": "purl"}


def of_json(document: dict[str, object]) -> Iterator[Component]:
    """Every component of a document, each before those that it holds."""
    graph = map(mapping, sequence(document.get("dependencies")))
    needs = {string(one.get("ref")): _strings(one.get("dependsOn")) for one in graph}
    yield from _parts(sequence(document.get("components")), needs)


def _parts(found: list[object], needs: dict[str, tuple[str, ...]], depth: int = 0) -> Iterator[Component]:
    if depth > _DEPTH:
        raise LimitExceeded(f"components nested more than {_DEPTH} deep")
    for one in found:
        part = mapping(one)
        group, name = string(part.get("group")), string(part.get("name"))
        yield Component(
            name=f"{group}/{name}" if group else name,
            version=string(part.get("version")),
            purl=string(part.get("purl")),
            kind=string(part.get("type")) or "library",
            reference=string(part.get("bom-ref")),
            where=_where(part),
            owner=_property(part, _OWNER),
            certain=_property(part, _TIER) == "confirmed_installed",
            needs=needs.get(string(part.get("bom-ref")), ()),
            hashes=digests(part.get("hashes"), "alg", "content"),
            licenses=tuple(filter(None, map(_licence, sequence(part.get("licenses"))))),
        )
        yield from _parts(sequence(part.get("components")), needs, depth + 1)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(text for one in sequence(value)[:MOST] if (text := string(one)))


def _property(part: dict[str, object], names: frozenset[str]) -> str:
    """The first of a component's properties that has one of these names."""
    pairs = map(mapping, sequence(part.get("properties")))
    return next((string(pair.get("value")) for pair in pairs if string(pair.get("name")) in names), "")


def _where(part: dict[str, object]) -> str:
    """The path that a tool kept among its properties, or among the evidence."""
    if kept := _property(part, _PATHS):
        return kept
    places = sequence(mapping(part.get("evidence")).get("occurrences"))
    return string(mapping(places[0]).get("location")) if places else ""


def _licence(choice: object) -> str:
    told = mapping(choice)
    licence = mapping(told.get("license"))
    return string(told.get("expression")) or string(licence.get("id")) or string(licence.get("name"))


def of_xml(data: memoryview) -> Iterator[Component]:
    """Every component of a document; they end before what holds them: what is told of one is kept until it ends."""
    open_: dict[int, Component] = {}
    groups: dict[int, str] = {}
    for element in elements(data):
        path = element.path
        if path[:2] == ("bom", "metadata") or "component" not in path:
            continue
        depth, last = len(path), path[-1]
        if last == "component":
            done = open_.pop(depth, Component())
            done.kind = element.attributes.get("type", "library")
            done.reference = element.attributes.get("bom-ref", "")
            if group := groups.pop(depth, ""):
                done.name = f"{group}/{done.name}"
            yield done
        elif path[-2] == "component":
            part = open_.setdefault(depth - 1, Component())
            if last == "group":
                groups[depth - 1] = element.text
            elif last in _FIELDS:
                setattr(part, _FIELDS[last], element.text)
        elif path[-3:-1] == ("licenses", "license") and last in {"id", "name"}:
            _add_licence(open_.setdefault(depth - 3, Component()), element.text)
        elif path[-2:] == ("licenses", "expression"):
            _add_licence(open_.setdefault(depth - 2, Component()), element.text)


def _add_licence(part: Component, text: str) -> None:
    if text and len(part.licenses) < 10:
        part.licenses = (*part.licenses, text)
