"""Bills of materials by SPDX 3.0, a graph as JSON-LD."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.formats.json import mapping, sequence
from surveyor.scan.formats.sbom.component import Component, digests, relate, string
from surveyor.scan.formats.sbom.spdx import CERTAIN, conjuncts, subject_apart
from surveyor.scan.patterns import regex

_CAPITALS = regex(r"(?<=[a-z])(?=[A-Z])")  # operatingSystem


def of_graph(graph: list[object]) -> Iterator[Component]:
    """Every package of a graph."""
    elements_ = [mapping(one) for one in graph]
    parts = [_element(one) for one in elements_ if string(one.get("type")) == "software_Package"]
    roots = {string(root) for one in elements_ for root in sequence(one.get("rootElement"))}
    relate(parts, _links(elements_))
    licences = _licences_of(elements_)
    for part in parts:
        part.licenses = licences.get(part.reference, ())
    yield from subject_apart(parts, roots & {part.reference for part in parts})


def _links(elements_: list[dict[str, object]]) -> Iterator[tuple[str, str, str]]:
    kinds = {"dependsOn": "depends_on", "contains": "contains", "generates": "generates"}
    for one in elements_:
        if kind := kinds.get(string(one.get("relationshipType"))):
            yield from ((kind, string(one.get("from")), string(to)) for to in sequence(one.get("to")))


def _licences_of(elements_: list[dict[str, object]]) -> dict[str, tuple[str, ...]]:
    """The licences that packages of a graph declare, else those that somebody concluded, by the package's id."""
    ids = {string(one.get("spdxId")): one for one in elements_}
    found: dict[str, tuple[str, ...]] = {}
    for kind in ("hasConcludedLicense", "hasDeclaredLicense"):
        for one in elements_:
            if one.get("relationshipType") == kind and (told := _texts(sequence(one.get("to")), ids)):
                found[string(one.get("from"))] = told
    return found


def _texts(names: list[object], ids: dict[str, dict[str, object]]) -> tuple[str, ...]:
    told: list[str] = []
    for name in names:
        licence = ids.get(string(name), {})
        custom = map(mapping, sequence(licence.get("simplelicensing_customIdToUri")))
        named = {string(one.get("key")): string(ids.get(string(one.get("value")), {}).get("name")) for one in custom}
        told += conjuncts(string(licence.get("simplelicensing_licenseExpression")), named)
    return tuple(dict.fromkeys(told))[:10]


def _element(part: dict[str, object]) -> Component:
    outside = map(mapping, sequence(part.get("externalIdentifier")))
    purls = (string(i.get("identifier")) for i in outside if i.get("externalIdentifierType") == "packageUrl")
    return Component(
        name=string(part.get("name")),
        version=string(part.get("software_packageVersion")),
        purl=string(part.get("software_packageUrl")) or next(purls, ""),
        kind=_CAPITALS.sub("-", string(part.get("software_primaryPurpose"))).lower() or "library",
        reference=string(part.get("spdxId")),
        certain=CERTAIN.match(string(part.get("software_sourceInfo"))) is not None,
        hashes=digests(part.get("verifiedUsing"), "algorithm", "hashValue"),
    )
