"""Reads and writes OpenVEX documents (OpenVEX specification 0.2.0; products as plain texts from 0.0.1 are read too)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
from surveyor.scan.judgement import DecisionStatus, Unapplied

FORMAT = "openvex"
CONTEXT = "https://openvex.dev/ns/v0.2.0"
_STATUSES = {
    "not_affected": DecisionStatus.NOT_AFFECTED,
    "affected": DecisionStatus.AFFECTED,
    "fixed": DecisionStatus.FIXED,
    "under_investigation": DecisionStatus.UNDER_INVESTIGATION,
}


def recognises(document: Mapping[str, object]) -> bool:
    """Whether a JSON object is such a document."""
    return string(document.get("@context")).startswith("https://openvex.dev/ns")


def read(document: Mapping[str, object], source: str) -> Book:
    """Everything that a document states."""
    said = string(document.get("last_updated")) or string(document.get("timestamp"))
    found: list[Statement] = []
    faults: list[Unapplied] = []
    for number, item in enumerate(sequence(document.get("statements")), 1):
        made = _statement(mapping(item), f"statements[{number}]", said)
        if isinstance(made, Statement):
            found.append(made)
        else:
            faults.append(made)
    return Book(source=source, format=FORMAT, statements=tuple(found), faults=tuple(faults))


def _statement(item: Mapping[str, object], name: str, said: str) -> Statement | Unapplied:
    flaw = item.get("vulnerability")
    told = mapping(flaw)
    ids = (string(flaw), string(told.get("name")), string(told.get("@id")), *map(string, sequence(told.get("aliases"))))
    ids = tuple(dict.fromkeys(one.rpartition("/")[2] for one in ids if one))
    status = _STATUSES.get(string(item.get("status")))
    if not ids:
        return Unapplied(statement=name, reason="no_id", detail="names no vulnerability")
    if status is None:
        detail = f"a status that there is not: {string(item.get('status'))[:80]!r}"
        return Unapplied(statement=name, reason="no_status", detail=detail)
    impact = string(item.get("impact_statement"))
    justification = string(item.get("justification")) or None
    if justification not in JUSTIFICATIONS:
        justification = None
    if status is DecisionStatus.NOT_AFFECTED and not (justification or impact):
        return Unapplied(statement=name, reason="no_justification", detail="not_affected without justification")
    notes = (impact, string(item.get("action_statement")), string(item.get("status_notes")))
    scopes = tuple(_scopes(item))
    if not scopes:
        return Unapplied(statement=name, reason="no_product", detail="names no product")
    return Statement(
        name=name,
        ids=ids,
        status=status,
        reason=next((note for note in notes if note), JUSTIFICATIONS.get(justification or "", ""))[:TEXT],
        justification=justification if status is DecisionStatus.NOT_AFFECTED else None,
        at=moment(string(item.get("last_updated")) or string(item.get("timestamp")) or said),
        scopes=scopes,
    )


def _scopes(item: Mapping[str, object]) -> Iterator[Scope]:
    for value in sequence(item.get("products")):
        product = _product(value)
        parts = [*sequence(mapping(value).get("subcomponents")), *sequence(item.get("subcomponents"))]
        inside = [one for part in parts for one in _product(part).purls]
        # subcomponents that are named in no way that can be met leave nothing that the statement is about
        if parts and not inside:
            continue
        yield Scope(product=product, packages=tuple(PackageSelector(purl=one) for one in inside))


def _product(value: object) -> Product:
    told = mapping(value)
    names = [string(value), string(told.get("@id")), *map(string, mapping(told.get("identifiers")).values())]
    named = [name for name in dict.fromkeys(names) if name]
    digest = string(mapping(told.get("hashes")).get("sha-256")).casefold()
    return Product(
        names=tuple(named),
        purls=tuple(dict.fromkeys(found for name in named if (found := purl.parse(name)))),
        digests=(digest,) if digest else (),
    )


def write(claims: Sequence[Claim], origin: Origin) -> dict[str, Any]:
    """A document of these claims; its id is made of what it says."""
    statements = [_written(claim, origin) for claim in claims]
    digest = hashlib.sha256(repr((statements, origin.at)).encode()).hexdigest()
    return {
        "@context": CONTEXT,
        "@id": f"https://openvex.dev/docs/surveyor/vex-{digest}",
        "author": origin.author,
        "timestamp": origin.at,
        "version": 1,
        "tooling": f"surveyor {origin.version}",
        "statements": statements,
    }


def _written(claim: Claim, origin: Origin) -> dict[str, Any]:
    product: dict[str, Any] = {"@id": origin.product, "subcomponents": [{"@id": one} for one in claim.packages]}
    if origin.product.startswith("pkg:"):
        product["identifiers"] = {"purl": origin.product}
    if origin.digest:
        product["hashes"] = {"sha-256": origin.digest}
    told: dict[str, Any] = {
        "vulnerability": {"name": claim.ids[0], **({"aliases": list(claim.ids[1:])} if claim.ids[1:] else {})},
        "timestamp": origin.at,
        "products": [product],
        "status": claim.status.value,
    }
    if claim.status is DecisionStatus.NOT_AFFECTED and not claim.justification:
        told["impact_statement"] = claim.reason
    elif claim.status is DecisionStatus.AFFECTED:
        told["action_statement"] = claim.reason
    else:
        told["status_notes"] = claim.reason
    if claim.justification:  # one of it and an impact statement, not both
        told["justification"] = claim.justification
    return told
