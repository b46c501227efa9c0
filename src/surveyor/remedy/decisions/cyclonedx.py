"""Reads and writes VEX in CycloneDX (1.4 to 1.7, ``vulnerabilities[].analysis``); written as 1.6."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from surveyor.remedy.decisions.claim import Claim, Origin
from surveyor.remedy.decisions.statement import (
    JUSTIFICATIONS,
    TEXT,
    Book,
    PackageSelector,
    Product,
    Scope,
    Statement,
    moment,
)
from surveyor.scan.formats import purl
from surveyor.scan.formats.json import mapping, sequence, string
from surveyor.scan.formats.purl import Purl
from surveyor.scan.judgement import DecisionStatus, Unapplied

FORMAT = "cyclonedx"
SPEC = "1.6"
_STATES = {
    "resolved": DecisionStatus.FIXED,
    "resolved_with_pedigree": DecisionStatus.FIXED,
    "exploitable": DecisionStatus.AFFECTED,
    "in_triage": DecisionStatus.UNDER_INVESTIGATION,
    "false_positive": DecisionStatus.NOT_AFFECTED,
    "not_affected": DecisionStatus.NOT_AFFECTED,
}
_WRITTEN_STATES = {
    DecisionStatus.FIXED: "resolved",
    DecisionStatus.AFFECTED: "exploitable",
    DecisionStatus.UNDER_INVESTIGATION: "in_triage",
    DecisionStatus.NOT_AFFECTED: "not_affected",
}
#: CycloneDX has nine justifications, the other formats five: what each becomes, both ways.
_JUSTIFICATIONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "component_not_present",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
_WRITTEN_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
#: What a version's own status is when it is the one that its statement speaks of.
_AGREEING = {
    DecisionStatus.FIXED: "unaffected",
    DecisionStatus.AFFECTED: "affected",
    DecisionStatus.UNDER_INVESTIGATION: "unknown",
    DecisionStatus.NOT_AFFECTED: "unaffected",
}
#: Two of the five become one of the nine: which it was, for who reads it back.
_PROPERTY = "surveyor:justification"


def recognises(document: Mapping[str, object]) -> bool:
    """Whether a JSON object is such a document."""
    return document.get("bomFormat") == "CycloneDX"


@dataclass(slots=True)
class _Bom:
    """What references of a document mean: its own product, and its components' PURLs by ``bom-ref``."""

    product: Product | None = None
    itself: set[str] = field(default_factory=set)
    components: dict[str, Purl] = field(default_factory=dict)


def read(document: Mapping[str, object], source: str) -> Book:
    """Everything that a document states: its vulnerabilities that somebody has analysed."""
    bom = _bom(document)
    said = string(mapping(document.get("metadata")).get("timestamp"))
    found: list[Statement] = []
    faults: list[Unapplied] = []
    for number, value in enumerate(sequence(document.get("vulnerabilities")), 1):
        item = mapping(value)
        if not mapping(item.get("analysis")):
            continue
        made = _statement(item, f"vulnerabilities[{number}]", bom, said)
        if isinstance(made, Statement):
            found.append(made)
        else:
            faults.append(made)
    return Book(source=source, format=FORMAT, statements=tuple(found), faults=tuple(faults))


def _bom(document: Mapping[str, object]) -> _Bom:
    bom = _Bom()
    product = mapping(mapping(document.get("metadata")).get("component"))
    if product:
        bom.product = _product(product)
        bom.itself = {name for name in (string(product.get("bom-ref")),) if name}
    waiting = [document, product]
    while waiting:
        for value in sequence(waiting.pop().get("components")):
            item = mapping(value)
            waiting.append(item)
            if found := purl.parse(string(item.get("purl"))):
                bom.components.setdefault(string(item.get("bom-ref")) or string(item.get("purl")), found)
    return bom


def _product(item: Mapping[str, object]) -> Product:
    name, group, version = (string(item.get(key)) for key in ("name", "group", "version"))
    whole = f"{group}/{name}" if group else name
    names = (string(item.get("purl")), string(item.get("bom-ref")), name, whole, f"{whole}:{version}")
    known = purl.parse(string(item.get("purl")))
    return Product(
        names=tuple(dict.fromkeys(one for one in names if one)),
        purls=(known,) if known else (),
        digests=tuple(
            string(mapping(one).get("content")).casefold()
            for one in sequence(item.get("hashes"))
            if mapping(one).get("alg") == "SHA-256"
        ),
        version=version,
    )


def _statement(item: Mapping[str, object], name: str, bom: _Bom, said: str) -> Statement | Unapplied:
    analysis = mapping(item.get("analysis"))
    references = (string(mapping(one).get("id")) for one in sequence(item.get("references")))
    ids = tuple(dict.fromkeys(one for one in (string(item.get("id")), *references) if one))
    status = _STATES.get(string(analysis.get("state")))
    detail = string(analysis.get("detail"))
    if not ids:
        return Unapplied(statement=name, reason="no_id", detail="names no vulnerability")
    if status is None:
        words = f"a state that there is not: {string(analysis.get('state'))[:80]!r}"
        return Unapplied(statement=name, reason="no_status", detail=words)
    justification = _justification(item, analysis) if status is DecisionStatus.NOT_AFFECTED else None
    if status is DecisionStatus.NOT_AFFECTED and not (justification or detail):
        return Unapplied(statement=name, reason="no_justification", detail="not_affected without justification")
    scopes = tuple(_scopes(item, status, bom))
    if not scopes:
        return Unapplied(statement=name, reason="no_product", detail="affects nothing that can be met, as by a PURL")
    return Statement(
        name=name,
        ids=ids,
        status=status,
        reason=(detail or JUSTIFICATIONS.get(justification or "", ""))[:TEXT],
        justification=justification,
        at=moment(string(analysis.get("lastUpdated")) or string(item.get("updated")) or said),
        scopes=scopes,
    )


def _justification(item: Mapping[str, object], analysis: Mapping[str, object]) -> str | None:
    for value in sequence(item.get("properties")):
        told = mapping(value)
        if told.get("name") == _PROPERTY and string(told.get("value")) in JUSTIFICATIONS:
            return string(told.get("value"))
    return _JUSTIFICATIONS.get(string(analysis.get("justification")))


def _scopes(item: Mapping[str, object], status: DecisionStatus, bom: _Bom) -> Iterator[Scope]:
    packages: list[PackageSelector] = []
    for value in sequence(item.get("affects")):
        told = mapping(value)
        ref = string(told.get("ref"))
        # a link into another document, urn:cdx:serial/version#ref, ends in that document's name for it
        ref = unquote(ref.partition("#")[2]) if ref.startswith("urn:cdx:") else ref
        versions = sequence(told.get("versions"))
        if ref in bom.itself and bom.product is not None:
            for version in _versions(bom.product.version, versions, status):
                purls = tuple(replace(one, version=one.version or version) for one in bom.product.purls)
                yield Scope(product=replace(bom.product, purls=purls, version=version))
        elif found := bom.components.get(ref) or purl.parse(ref):
            meant = _versions(found.version, versions, status)
            packages += [PackageSelector(purl=replace(found, version=version)) for version in meant]
    if packages:
        yield Scope(product=bom.product, packages=tuple(packages))


def _versions(held: str, told: Sequence[object], status: DecisionStatus) -> list[str]:
    """The versions of something, itself of version ``held``, that are meant: none of ranges, whose order nobody knows.

    A version may have a status of its own (``affected`` beside a state ``resolved``), and is meant only if it agrees.
    """
    if not told:
        return [held]
    agreeing = {"", _AGREEING[status]}
    items = (one for one in map(mapping, told) if string(one.get("status")) in agreeing)
    named = (string(one.get("version")) for one in items)
    return [version for version in named if version and version == (held or version)]


def write(claims: Sequence[Claim], origin: Origin) -> dict[str, Any]:
    """A document of these claims; its serial number is made of what it says."""
    product: dict[str, Any] = {"type": "application", "bom-ref": origin.product, "name": origin.name}
    if origin.product.startswith("pkg:"):
        product["purl"] = origin.product
    if origin.digest:
        product["hashes"] = [{"alg": "SHA-256", "content": origin.digest}]
    vulnerabilities = [_written(claim) for claim in claims]
    packages = dict.fromkeys(one for claim in claims for one in claim.packages)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, repr((vulnerabilities, origin)))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": origin.at,
            "tools": {"components": [{"type": "application", "name": "surveyor", "version": origin.version}]},
            "authors": [{"name": origin.author}],
            "component": product,
        },
        "components": [_component(one) for one in packages if one != origin.product],
        "vulnerabilities": vulnerabilities,
    }


def _component(text: str) -> dict[str, Any]:
    found = purl.parse(text)
    told: dict[str, Any] = {"type": "library", "bom-ref": text, "name": found.name if found else text, "purl": text}
    if found and found.namespace:
        told["group"] = found.namespace
    if found and found.version:
        told["version"] = found.version
    return told


def _written(claim: Claim) -> dict[str, Any]:
    analysis: dict[str, Any] = {"state": _WRITTEN_STATES[claim.status], "detail": claim.reason}
    told: dict[str, Any] = {"id": claim.ids[0]}
    if claim.ids[1:]:
        told["references"] = [{"id": one, "source": {"name": one.partition("-")[0]}} for one in claim.ids[1:]]
    if claim.justification:
        analysis["justification"] = _WRITTEN_JUSTIFICATIONS[claim.justification]
        told["properties"] = [{"name": _PROPERTY, "value": claim.justification}]
    return {**told, "analysis": analysis, "affects": [{"ref": one} for one in claim.packages]}
