"""Bills of materials in Syft's own JSON."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.formats.json import mapping, sequence
from surveyor.scan.formats.sbom.component import Component, relate, string

_LINKS = {"dependency-of": "dependency_of", "ownership-by-file-overlap": "contains"}


def of_json(document: dict[str, object]) -> Iterator[Component]:
    """The operating system, where one is named, and every package of a document."""
    distro = mapping(document.get("distro"))
    if identity := string(distro.get("id")):
        yield Component(name=identity, version=string(distro.get("versionID")), kind="operating-system")
    parts = [_part(mapping(one)) for one in sequence(document.get("artifacts"))]
    links = map(mapping, sequence(document.get("artifactRelationships")))
    told = (tuple(string(link.get(key)) for key in ("type", "parent", "child")) for link in links)
    relate(parts, ((_LINKS.get(kind, kind), of, to) for kind, of, to in told))
    yield from parts


def _part(part: dict[str, object]) -> Component:
    places = [string(mapping(place).get("path")) for place in sequence(part.get("locations"))]
    return Component(
        name=string(part.get("name")),
        version=string(part.get("version")),
        purl=string(part.get("purl")),
        reference=string(part.get("id")),
        where=places[0] if places else "",
        licenses=tuple(filter(None, map(_licence, sequence(part.get("licenses")))))[:10],
    )


def _licence(value: object) -> str:
    told = mapping(value)
    return string(told.get("spdxExpression")) or string(told.get("value")) or string(value)
